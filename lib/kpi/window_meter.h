// Turns what the balancer and the provider say into KPI windows of a service: differences of the balancer's
// counters give demand, completions and errors; its log lines give latencies; usage counters give CPU and
// memory. Pure; owned by one thread; memory is bounded by model::kMaxLatencySamples per window and replica.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "kpi/backend_counters.h"
#include "kpi/haproxy_log.h"
#include "model/ids.h"
#include "model/kpi.h"

namespace shadowd::kpi {

// Counters of one replica since its start; < 0 when unknown.
struct ReplicaUsage {
  model::ReplicaId id;
  double cpu_seconds = -1;
  double memory_bytes = -1;
  double run_delay_seconds = 0;
  uint64_t throttled_periods = 0;
};

struct MeteredWindow {
  model::KpiWindow service;
  std::vector<std::pair<model::ReplicaId, model::KpiWindow>>
      replicas;  // one a server of the backend, by name
  int serving = 0;
  std::vector<std::string> server_names;
  bool complete = false;  // the log explains at least 98 % of the completed requests
};

class WindowMeter {
 public:
  explicit WindowMeter(std::string backend) : backend_(std::move(backend)) {}

  // A finished request. Lines of other backends are ignored.
  void Add(const HaproxyLogEntry& entry);

  // Closes the window that began with the previous call. Nothing comes of the first call, which only sets the
  // marks.
  std::optional<MeteredWindow> Close(const BackendCounters& backend, const std::vector<ReplicaUsage>& usage,
                                     Now now);
  // Forgets marks and log lines, so that a gap in the observation never becomes one long window.
  void Reset();

 private:
  struct Difference {
    RequestCounters counters;
    bool reset = false;  // the balancer began anew in between
  };
  struct LogShare {
    uint64_t lines = 0;
    uint64_t failures = 0;
    std::vector<uint32_t> latency_us;
  };
  struct Marks {
    Now at;
    RequestCounters total;
    std::map<std::string, RequestCounters> servers;
    std::map<model::ReplicaId, ReplicaUsage> usage;
  };

  static Difference Since(const RequestCounters& before, const RequestCounters& now);
  static void Fill(const Difference& since, LogShare log, model::KpiWindow& window);
  static void FillUsage(const ReplicaUsage* before, const ReplicaUsage* now, model::KpiWindow& window);
  MeteredWindow Meter(const Marks& before, const Marks& now, const BackendCounters& backend);

  std::string backend_;
  std::optional<Marks> marks_;
  LogShare log_;
  std::map<std::string, LogShare, std::less<>> server_logs_;
};

}  // namespace shadowd::kpi
