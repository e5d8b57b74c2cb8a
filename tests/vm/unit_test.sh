#!/bin/bash
# Runs as root on a Debian host with systemd: installs what the driver staged, and takes the unit through start, reload,
# restart, a hung loop, stop. Production instances must live through all of it; shadows must not outlive their lease.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
failed=0

check() {  # DESCRIPTION COMMAND...
  local what=$1
  shift
  if "$@"; then echo "ok: $what"; else echo "FAILED: $what"; failed=1; fi
}
until_true() {  # SECONDS COMMAND...
  local limit=$1
  shift
  for ((i = 0; i < limit * 5; i++)); do
    "$@" && return 0
    sleep 0.2
  done
  return 1
}
main_pid() { systemctl show -P MainPID shadowd.service; }
records() { ls /run/shadowd/replicas/*.json 2>/dev/null; }
record_field() { grep -o "\"process\":{[^}]*}" "$1" | grep -o '"pid":[0-9]*' | cut -d: -f2; }
instances() { for f in /run/shadowd/replicas/*-i*.json; do [[ -e $f ]] && record_field "$f"; done | sort -n; }
has_instances() { [[ $(instances | wc -l) -ge 2 ]]; }
all_alive() { local pid; for pid in $1; do kill -0 "$pid" 2>/dev/null || return 1; done; }
in_group() { grep -q "shadowd-replicas.service/$2" "/proc/$1/cgroup"; }
ready_again() { [[ $(systemctl is-active shadowd.service) == active && $(main_pid) != "$1" && $(main_pid) != 0 ]]; }

tar -C "$here/stage" -cf - . | tar -C / --keep-directory-symlink --no-overwrite-dir -xf -
systemd-sysusers
systemd-tmpfiles --create
mkdir -p /etc/shadowd/services
install -m 755 "$here/child" /usr/local/bin/shadowd-test-child
cat >/etc/shadowd/services/web.yaml <<'YAML'
name: web
mode: act
version: "1"
instance:
  argv: [/usr/local/bin/shadowd-test-child, "{port}", serve]
  port_first: 18000
  port_last: 18031
  readiness: {http_path: /, deadline: 60s}
bounds: {min: 2, max: 4}
haproxy: {socket: /run/haproxy-test.sock, backend: web, check: false}
YAML
# The balancer that mode ACT needs; its socket is open to the daemon's user.
cat >/run/haproxy-test.cfg <<'CFG'
global
  stats socket /run/haproxy-test.sock mode 666 level admin
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
frontend users
  bind 127.0.0.1:8088
  default_backend web
backend web
  balance random(1)
CFG
haproxy -D -f /run/haproxy-test.cfg
check "the units have no fault" systemd-analyze verify shadowd.service
systemctl daemon-reload

check "start reaches READY" systemctl start shadowd.service
if ((failed)); then  # nothing below can hold; the journal tells why
  journalctl -u shadowd.service -u shadowd-replicas.service -n 30 --no-pager
  exit 1
fi
first=$(main_pid)
check "two instances run" until_true 60 has_instances
production=$(instances)
check "they are in the replicas' group" in_group "$(head -n 1 <<<"$production")" instances
check "production keeps its weight, shadows are idle" \
  test "$(cat /sys/fs/cgroup/shadowd.slice/shadowd-replicas.service/shadows/cpu.idle)" = 1
check "replicas hold no capability" grep -q "^CapEff:.*0000000000000000" "/proc/$(head -n 1 <<<"$production")/status"
check "the daemon may open the tap" grep -q "^CapEff:.*2000$" "/proc/$first/status"

check "reload" systemctl reload shadowd.service
check "reload keeps the process" test "$(main_pid)" = "$first"

# A shadow as the provider starts one, but with nobody to renew its lease.
lease_s=8
shadow_record='{"key":"k","service":"web","id":"web-t9-a0-s0","role":"shadow","version":"1","process":{"pid":0,"start_ticks":0,"boot_id":""},"shim":{"pid":0,"start_ticks":0,"boot_id":""},"port":19999,"address":"127.0.0.1:19999","started_wall_us":0,"ready":false,"http_path":"/","ready_deadline_us":1000000,"ready_interval_us":100000,"stop_grace_us":0,"lease_us":'$((lease_s * 1000000))',"cgroup":"shadows/web-t9-a0-s0"}'
systemctl stop shadowd.service
mkdir -p /sys/fs/cgroup/shadowd.slice/shadowd-replicas.service/shadows/web-t9-a0-s0
shim=$(find /usr /opt -name shadowd-shim -type f | head -n 1)
setsid "$shim" --directory=/run/shadowd/replicas "--record=$shadow_record" --working-dir=/ --output-bytes-max=65536 \
  --child-cgroup=/sys/fs/cgroup/shadowd.slice/shadowd-replicas.service/shadows/web-t9-a0-s0 \
  --cpu-idle --die-with-shim -- /usr/local/bin/shadowd-test-child 19999 serve \
  3<>/dev/null 4>/run/shadowd/replicas/web-t9-a0-s0.lock &
check "the shadow runs" until_true 5 test -e /run/shadowd/replicas/web-t9-a0-s0.json
shadow=$(record_field /run/shadowd/replicas/web-t9-a0-s0.json)
check "stop leaves production running" all_alive "$production"
check "the shadow ends with its lease" until_true $((lease_s + 2)) bash -c "! kill -0 $shadow 2>/dev/null"

check "start again" systemctl start shadowd.service
second=$(main_pid)
sleep 2
check "the same instances are adopted" test "$(instances)" = "$production"
check "restart" systemctl restart shadowd.service
check "restart makes a new process" test "$(main_pid)" != "$second"
sleep 2
check "and keeps production" test "$(instances)" = "$production"
check "which is alive" all_alive "$production"

second=$(main_pid)
kill -KILL "$second"
check "a crash is followed by a start" until_true 30 ready_again "$second"
check "the crash keeps production" all_alive "$production"
second=$(main_pid)
kill -STOP "$second"
check "a hung daemon is replaced by the watchdog" until_true 90 ready_again "$second"
sleep 2
check "the watchdog keeps production" test "$(instances)" = "$production"

before=$(date +%s%N)
systemctl stop shadowd.service
check "stop takes less than 5 s" test $(($(date +%s%N) - before)) -lt 5000000000
check "production outlives it" all_alive "$production"
systemctl stop shadowd-replicas.service
check "stopping the replicas' unit ends everything" bash -c "! kill -0 $(head -n 1 <<<"$production") 2>/dev/null"

if ((failed)); then
  journalctl -u shadowd.service -u shadowd-replicas.service --no-pager | tail -n 60
  ls -la /run/shadowd /run/shadowd/replicas || true
fi
exit "$failed"
