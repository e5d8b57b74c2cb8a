#include "config/daemon_config.h"

#include "require_ok.h"

namespace shadowd::config {
namespace {

TEST_CASE("An empty file is the default configuration") {
  const auto config = ParseDaemonConfig("# nothing\n", "c.yaml");
  REQUIRE_OK(config);
  REQUIRE(*config == DaemonConfig());
}

TEST_CASE("Every key is taken") {
  const auto config = ParseDaemonConfig(
      "socket_path: /tmp/s\nsocket_group: ops\ntcp: {address: \"[::1]:7443\"}\nstate_dir: /s\nruntime_dir: "
      "/r\n"
      "metrics_listen: 127.0.0.1:9\nlog_level: warn\nservice_dir: /d\n"
      "host: {max_shadows: 0, memory_reserve_bytes: 1GiB, psi_cpu_max: 12.5}\n"
      "limits: {max_services: 2, loop_queue: 65, store_queue: 66, watch_queue: 67, max_watches: 68, "
      "message_bytes_max: 1MiB}\n"
      "freeze_file: \"\"\nwatch_history: 99\nreflection: false\ndrain_timeout: 500ms\n"
      "journal: {path: /j, max_bytes: 2MiB}\n"
      "ingest: {otlp_listen: \"127.0.0.1:4317\", remote_write: true, series_max: 5, interval: 30s, "
      "batch_bytes_max: 1MiB, rules: [{metric: m, labels: {a: \"*\"}, kpi: errors, kind: counter, scale: 2, "
      "service: \"{job}\"}]}\n",
      "c.yaml");
  REQUIRE_OK(config);
  DaemonConfig expected;
  expected.socket_path = "/tmp/s";
  expected.socket_group = "ops";
  expected.tcp = TcpConfig{"[::1]:7443", std::nullopt};
  expected.state_dir = "/s";
  expected.runtime_dir = "/r";
  expected.metrics_listen = "127.0.0.1:9";
  expected.log_level = LogLevel::kWarn;
  expected.service_dir = "/d";
  expected.host = {0, uint64_t{1} << 30, 12.5};
  expected.limits = {2, 65, 66, 67, 68, uint64_t{1} << 20};
  expected.freeze_file = "";
  expected.watch_history = 99;
  expected.reflection = false;
  expected.drain_timeout = std::chrono::milliseconds(500);
  expected.journal = JournalConfig{"/j", uint64_t{2} << 20};
  const model::KpiRule rule{"m", {{"a", "*"}}, model::SeriesKpi::kErrors, model::SeriesKind::kCounter,
                            2,   "{job}"};
  expected.ingest =
      IngestConfig{"127.0.0.1:4317", true, {rule}, 5, std::chrono::seconds(30), uint64_t{1} << 20};
  REQUIRE(*config == expected);
  const auto brief = ParseDaemonConfig("journal: {path: /j}\n", "c.yaml");
  REQUIRE_OK(brief);
  REQUIRE(brief->journal == JournalConfig{"/j", uint64_t{64} << 20});
  REQUIRE(std::string(LogLevelName(config->log_level)) == "WARN");
}

TEST_CASE("A configuration that cannot be is refused with file, line and field") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"socket_path: run/s\n", "c.yaml:1: socket_path: 'run/s' is not an absolute path"},
      {"socket_path: /" + std::string(120, 'x') + "\n", "c.yaml:1: socket_path: 121 bytes, more than 107"},
      {"tcp: {tls: {cert: /c, key: /k}}\n", "c.yaml:1: tcp.address is required"},
      {"tcp:\n  address: 0.0.0.0:1\n",
       "c.yaml:1: tcp.tls: 0.0.0.0 is not a loopback address: TLS is required"},
      {"tcp:\n  address: 10.0.0.1:1\n  tls: {cert: /c, key: /k}\n",
       "c.yaml:3: tcp.tls.client_ca: 10.0.0.1 is not a loopback address: clients must be authenticated"},
      {"tcp: {address: \"127.0.0.1:1\", tls: {cert: c, key: /k}}\n",
       "c.yaml:1: tcp.tls.cert: 'c' is not an absolute path"},
      {"metrics_listen: 0.0.0.0:9\n", "c.yaml:1: metrics_listen: 0.0.0.0 is not a loopback address"},
      {"metrics_listen: \":9\"\n", "c.yaml:1: metrics_listen: '' is not an IPv4 or IPv6 address"},
      {"\nhost:\n  max_shadows: -1\n", "c.yaml:3: host.max_shadows: -1 is not in 0..1000"},
      {"host: {psi_cpu_max: 101}\n", "c.yaml:1: host.psi_cpu_max: 101 is not in 0..100"},
      {"limits: {loop_queue: 1}\n", "c.yaml:1: limits.loop_queue: 1 is not in 64..1000000"},
      {"limits: {message_bytes_max: 1KiB}\n",
       "c.yaml:1: limits.message_bytes_max: 1024 is not in 65536..67108864"},
      {"drain_timeout: 2m\n", "c.yaml:1: drain_timeout: 2m is not in 0s..1m"},
      {"journal: {}\n", "c.yaml:1: journal.path is required"},
      {"journal: {path: j}\n", "c.yaml:1: journal.path: 'j' is not an absolute path"},
      {"journal: {path: /j, max_bytes: 1KiB}\n",
       "c.yaml:1: journal.max_bytes: 1024 is not in 1048576..268435456"},
      {"ingest: {otlp_listen: \"0.0.0.0:4317\", rules: [{metric: m, kpi: cpu, service: a}]}\n",
       "c.yaml:1: ingest.otlp_listen: 0.0.0.0 is not a loopback address"},
      {"ingest: {remote_write: true, rules: [{metric: m, kpi: cpu, service: a}]}\n",
       "c.yaml:1: ingest.remote_write: needs metrics_listen, the listener that takes it"},
      {"ingest: {}\n", "c.yaml:1: ingest.rules: without a rule nothing that comes belongs to a service"},
      {"ingest: {rules: [{metric: m, kpi: cpu}]}\n",
       "c.yaml:1: ingest.rules[0].service: '' is not a valid id: a service id "
       "matches [a-z]([-a-z0-9]{0,61}[a-z0-9])?"},
      {"a: 1\n",
       "c.yaml:1: unknown key 'a' in DaemonConfig; known keys: socket_path, socket_group, tcp, state_dir, "
       "runtime_dir, metrics_listen, log_level, service_dir, host, limits, freeze_file, watch_history, "
       "reflection, drain_timeout, journal, ingest"},
      {"reflection: true\n---\nreflection: true\n", "c.yaml:3: one document expected"}};
  for (const auto& [text, message] : cases) {
    const Status status = ParseDaemonConfig(text, "c.yaml").status();
    REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
    REQUIRE(MessageOf(status) == message);
  }
}

}  // namespace
}  // namespace shadowd::config
