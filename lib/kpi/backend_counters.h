// What a balancer has counted of one backend up to a moment, whichever balancer it is. Counters grow from the
// balancer's start and begin anew when it reloads. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace shadowd::kpi {

struct RequestCounters {
  uint64_t requests = 0;   // arrived
  uint64_t responses = 0;  // answered, well or badly
  uint64_t failures = 0;   // of the responses, 5xx
  bool operator==(const RequestCounters&) const = default;
};

struct ServerCounters {
  std::string name;
  bool up = false;
  RequestCounters counters;
  bool operator==(const ServerCounters&) const = default;
};

struct BackendCounters {
  RequestCounters total;  // more than the servers' sum where requests failed before they got to one
  std::vector<ServerCounters> servers;
  bool operator==(const BackendCounters&) const = default;
};

}  // namespace shadowd::kpi
