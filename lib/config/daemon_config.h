// The daemon's configuration as an immutable snapshot, with the documented defaults
// (proto/shadowd/v1/config.proto). It is parsed and checked as a whole; a reload takes a new snapshot or
// keeps the old one. Value type, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "model/telemetry.h"

namespace shadowd::config {

enum class LogLevel { kTrace, kDebug, kInfo, kWarn, kError };

struct TlsConfig {  // PEM files, absolute paths
  std::string cert;
  std::string key;
  std::string client_ca;  // "" = clients are not asked for a certificate (loopback only)
  bool operator==(const TlsConfig&) const = default;
};

struct TcpConfig {
  std::string address;           // "127.0.0.1:7443"; other than loopback only with tls and client_ca
  std::optional<TlsConfig> tls;  // none = plain text
  bool operator==(const TcpConfig&) const = default;
};

struct HostConfig {
  int max_shadows = 16;                        // 0..1000, of all services
  uint64_t memory_reserve_bytes = 256u << 20;  // available memory below which no shadow starts
  double psi_cpu_max = 40;                     // PSI some avg10, per cent, above which none starts
  bool operator==(const HostConfig&) const = default;
};

struct LimitsConfig {
  int max_services = 10'000;
  int loop_queue = 16'384;   // events waiting for the control loop
  int store_queue = 16'384;  // writes waiting for the store
  int watch_queue = 1'024;   // events waiting for one watcher
  int max_watches = 256;
  uint64_t message_bytes_max = 4u << 20;  // of a request
  bool operator==(const LimitsConfig&) const = default;
};

struct JournalConfig {
  std::string path;
  uint64_t max_bytes = 64u << 20;
  bool operator==(const JournalConfig&) const = default;
};

struct IngestConfig {
  std::string otlp_listen;  // loopback "address:port"; "" = off
  bool remote_write = false;
  std::vector<model::KpiRule> rules;
  int series_max = 200'000;
  Micros interval = std::chrono::seconds(15);
  uint64_t batch_bytes_max = 16u << 20;  // once unpacked
  bool operator==(const IngestConfig&) const = default;
};

struct DaemonConfig {
  std::string socket_path = "/run/shadowd/shadowd.sock";
  std::string socket_group;  // "" = the daemon's own
  std::optional<TcpConfig> tcp;
  std::string state_dir = "/var/lib/shadowd";
  std::string runtime_dir = "/run/shadowd";
  std::string metrics_listen;  // loopback "address:port"; "" = off
  LogLevel log_level = LogLevel::kInfo;
  std::string service_dir;  // "" = none
  HostConfig host;
  LimitsConfig limits;
  std::string freeze_file = "/run/shadowd/freeze";  // "" = none
  int watch_history = 4'096;
  bool reflection = true;
  Micros drain_timeout = std::chrono::seconds(3);
  std::optional<JournalConfig> journal;  // none = nothing is recorded
  std::optional<IngestConfig> ingest;    // none = nothing but the Telemetry service

  bool operator==(const DaemonConfig&) const = default;
};

const char* LogLevelName(LogLevel level);  // "TRACE" ...

// One document; an empty text is the default configuration. Errors are INVALID_ARGUMENT "file:line: ...".
StatusOr<DaemonConfig> ParseDaemonConfig(std::string_view yaml, std::string_view file);

}  // namespace shadowd::config
