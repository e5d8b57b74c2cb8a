#!/usr/bin/env bash
# The whole loop, live, on a real service on this machine: installs what is missing, builds, and plays two days of three minutes.
#   bash config/demo/run.sh [--report FILE.json] [--minutes M] [--compare]
# --compare plays the same demand and deploy first with forecast only. Exit code 0 when the loop closed; nothing stays running.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD

report='' minutes=6.1 compare=0
while (($#)); do
  case $1 in
    --report) report=$(realpath -m "${2:?--report needs a file}"); shift 2 ;;
    --minutes) minutes=${2:?--minutes needs a number}; shift 2 ;;
    --compare) compare=1; shift ;;
    -h | --help) sed -n '2,4p' "$0"; exit 0 ;;
    *) echo "run.sh: unknown argument $1 (see --help)" >&2; exit 2 ;;
  esac
done
[[ $minutes =~ ^[0-9]+(\.[0-9]+)?$ ]] || { echo "run.sh: --minutes must be a number, not '$minutes'" >&2; exit 2; }
if ((EUID != 0)); then
  exec sudo -- bash "$root/config/demo/run.sh" ${report:+--report "$report"} --minutes "$minutes" $( ((compare)) && echo --compare)
fi

source tests/install.sh
shadowd_install build demo
echo "building (the first time takes a while) ..."
cmake --preset release -DSHADOWD_TESTS=OFF >/dev/null
cmake --build --preset release -j "$(nproc)" --target shadowd shadowd-shim shadowctl demo-service demo-client demo-story |
  grep -E 'error|warning' || true
bin=$root/build/release/bin
for program in shadowd shadowd-shim shadowctl demo-service demo-client demo-story; do
  [[ -x $bin/$program ]] || { echo "run.sh: $program was not built; run cmake --build --preset release to see why" >&2; exit 1; }
done

day=180 deploy_after=196 seed=${SHADOWD_DEMO_SEED:-1}
work=$(mktemp -d /tmp/shadowd-demo.XXXXXX)
declare -a pids=()
finish() {
  local status=$? pid
  ((status == 0)) || keep=1
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  for pid in $(own_processes instance shadow); do kill -9 "$pid" 2>/dev/null || true; done
  if ((${keep:-0})); then echo "logs are kept in $work"; else rm -rf "$work"; fi
}
# Replicas run in the play's own directory, so they are known by it.
own_processes() {
  local proc role
  for proc in /proc/[0-9]*; do
    [[ $(readlink "$proc/cwd" 2>/dev/null) == "$work"/* ]] || continue
    role=instance
    tr '\0' ' ' <"$proc/cmdline" 2>/dev/null | grep -q -- '--id shop-t' && role=shadow
    tr '\0' ' ' <"$proc/cmdline" 2>/dev/null | grep -q 'demo-service' || continue
    [[ " $* " == *" $role "* ]] && echo "${proc#/proc/}"
  done
}
trap finish EXIT
trap 'exit 130' INT TERM

free_port() { # a port that nobody listens on, from $1 upwards
  local port=$1
  while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
  echo "$port"
}
ctl() { "$bin/shadowctl" --address "unix://$dir/shadowd.sock" "$@"; }
fill() { # template version service_ms cpu_ms policy
  sed -e "s|@DIR@|$dir|g; s|@BIN@|$bin|g; s|@SYSLOG@|$syslog|g; s|@FRONTEND@|$frontend|g; s|@VERSION@|${2:-}|g" \
    -e "s|@SERVICE_MS@|${3:-}|g; s|@CPU_MS@|${4:-}|g; s|@POLICY@|${5:-}|g; s|@PORT_FIRST@|$first|g; s|@PORT_LAST@|$((first + 60))|g" "$1"
}
wait_for() { # seconds what command...
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || { echo "run.sh: $what did not happen; see $dir/shadowd.log" >&2; keep=1; return 1; }
    sleep 0.2
  done
}
serving() { ctl get instances --service shop -o json 2>/dev/null | grep -c '"state": *"SERVING"' || true; }
two_serve() { [[ $(serving) -ge 2 ]]; }

# What one instance does at some loads, measured on this machine: the capacity side of the imported history.
measure() {
  local loads=(45 70 95 115 130 145) i=0 load port measured=()
  for load in "${loads[@]}"; do
    port=$(free_port $((first + 70 + 5 * i)))
    "$bin/demo-service" --port "$port" --id "measure-$load" --version 1 --service-ms 20 --cpu-ms 0.4 --slots 4 --startup-seconds 0 \
      >/dev/null 2>&1 &
    measured+=($!)
    pids+=($!)
    wait_for 5 "an instance for the measurement" curl -sf "http://127.0.0.1:$port/healthz"
    "$bin/demo-client" --target "127.0.0.1:$port" --rate "$load" --minutes 0.25 --seed "$load" >"$dir/measure-$load.jsonl" &
    measured+=($!)
    i=$((i + 1))
  done
  for ((i = 1; i < ${#measured[@]}; i += 2)); do wait "${measured[i]}"; done
  for ((i = 0; i < ${#measured[@]}; i += 2)); do
    # CPU seconds so far, in clock ticks of 10 ms
    awk '{ print ($14 + $15) / 100 }' "/proc/${measured[i]}/stat" >"$dir/cpu-${loads[i / 2]}.txt"
    kill "${measured[i]}" 2>/dev/null || true
  done
  for load in "${loads[@]}"; do
    # The mean over the seconds, without the first two.
    jq -rs --argjson load "$load" --argjson cpu "$(cat "$dir/cpu-$load.txt")" 'def mean(f): (map(f) | add / length);
      .[2:] | [3, $load, mean(.p50_us), mean(.p95_us), $cpu / 15, (map(.sent) | add)] | @csv' "$dir/measure-$load.jsonl"
  done
}
# Past demand, with what was measured on some of its rows: the columns that `shadowctl import` takes.
write_history() { # epoch
  "$bin/demo-client" --history-days 3 --epoch "$1" --seed "$seed" --out "$dir/demand.csv"
  awk -F, -v OFS=, -v measured="$dir/measured.csv" 'BEGIN { while ((getline line < measured) > 0) rows[n++] = line }
    NR == 1 { print $1, $2, "instances,load_rps,p50_us,p95_us,cpu_cores,requests"; next }
    (NR % 80) == 0 && k < n { print $1, $2, rows[k++]; next }
    { print $1, $2, ",,,,," }' "$dir/demand.csv" >"$dir/history.csv"
}

play() { # name policy
  dir=$work/$1
  mkdir -p "$dir"
  frontend=$(free_port 18100) syslog=$((19514 + RANDOM % 400)) first=$(free_port 18200)
  fill config/demo/haproxy.cfg.in >"$dir/haproxy.cfg"
  haproxy -c -q -f "$dir/haproxy.cfg" || { echo "run.sh: HAProxy refuses $dir/haproxy.cfg" >&2; keep=1; return 1; }
  haproxy -db -f "$dir/haproxy.cfg" >"$dir/haproxy.log" 2>&1 &
  pids+=($!)
  local haproxy=$!
  cat >"$dir/shadowd.yaml" <<YAML
socket_path: $dir/shadowd.sock
state_dir: $dir/state
runtime_dir: $dir/run
freeze_file: $dir/freeze
host: {max_shadows: 8, psi_cpu_max: 100}
YAML
  "$bin/shadowd" --config "$dir/shadowd.yaml" >"$dir/shadowd.log" 2>&1 &
  pids+=($!)
  local daemon=$!
  wait_for 10 "the daemon's start" ctl status
  fill config/demo/service.yaml.in 1 20 0.4 "$2" >"$dir/service-1.yaml"
  fill config/demo/service.yaml.in 2 28 0.56 "$2" >"$dir/service-2.yaml"
  ctl apply -f "$dir/service-1.yaml" >/dev/null
  echo "measuring what one instance does at six loads (15 s) while two instances start ..."
  measure >"$dir/measured.csv"
  wait_for 40 "two instances in the balancer" two_serve

  local epoch
  epoch=$(date +%s)
  write_history "$epoch"
  ctl import shop --file "$dir/history.csv" >/dev/null
  echo "imported three days of history; the users come (a day is $day s, version 2 is deployed after $deploy_after s)"
  "$bin/demo-client" --target "127.0.0.1:$frontend" --epoch "$epoch" --seed "$seed" --minutes "$minutes" >"$dir/client.jsonl" &
  pids+=($!)
  local client=$!
  follow "$client" "$epoch"

  ctl get forecasts -o json >"$dir/forecasts.json"
  local noun
  for noun in decisions trials shadows models costs; do
    ctl get "$noun" --service shop --limit 1000 -o json >"$dir/$noun.json"
  done
  ctl delete service shop >/dev/null
  wait_for 20 "the end of all instances" gone
  echo "$(own_processes shadow | wc -l) $(own_processes instance | wc -l)" >"$dir/left.txt"
  kill "$daemon" "$haproxy"
  wait "$daemon" "$haproxy" 2>/dev/null || true
}
gone() { [[ -z $(own_processes instance shadow) ]]; }

# Progress while the client runs: what the daemon logs of decisions and trials, and a line of figures every ten seconds. It
# costs next to nothing itself, since shadows yield to everything on the machine.
follow() { # client epoch
  local deployed=0 now said=-10
  tail -n +1 -F "$dir/shadowd.log" 2>/dev/null |
    stdbuf -oL sed -nE "s/^[^T]*T([0-9:]+).*service=shop (decision=[^ ]+ (trigger|to)=.*|trial=[^ ]+ (from=[A-Z]+ )?to=(STARTING|MEASURING|SETTLED|INCONCLUSIVE|SUPERSEDED).*|model=.*)/\1   \2/p" |
    stdbuf -oL cut -c1-200 &
  local tail_pid=$!
  while kill -0 "$1" 2>/dev/null; do
    printf -v now '%(%s)T' -1
    now=$((now - $2))
    if ((!deployed && now >= deploy_after)); then
      deployed=1
      echo "[$now s] deploying version 2: every request costs 40 % more"
      ctl apply -f "$dir/service-2.yaml" >/dev/null
    fi
    if ((now >= said + 10)) && [[ -s $dir/client.jsonl ]]; then
      said=$now
      tail -n 1 "$dir/client.jsonl" | sed -E "s/.*\"sent\":([0-9]+),\"ok\":[0-9]+,\"errors\":([0-9]+).*\"p95_us\":([0-9]+)[0-9]{3},.*/[$now s] demand \1 req\/s, p95 \3 ms, errors \2/"
    fi
    sleep 1
  done
  pkill -P $$ -x tail || true
  wait "$tail_pid" 2>/dev/null || true
}

if ((compare)); then
  echo "== first play: forecast only"
  play forecast-only never
  echo "== second play: with shadows"
fi
play shadowd auto
status=0
"$bin/demo-story" "$work/shadowd" $( ((compare)) && echo "--baseline $work/forecast-only") ${report:+--report "$report"} || status=$?
((status == 0)) || keep=1
exit "$status"
