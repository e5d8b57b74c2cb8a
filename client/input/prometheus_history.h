// A history from a Prometheus, as the CSV text that a file would have held. Blocking; the only place of
// shadowctl and shadow-lab that asks a server of others.
#pragma once

#include <string>

#include "base/status.h"
#include "base/time.h"

namespace shadowd::input {

struct PrometheusHistory {
  std::string url;    // "http://127.0.0.1:9090"
  std::string query;  // PromQL with one series, requests per second
  std::string from;   // as ParseTime takes it
  std::string to;     // likewise; "" = `now`
  double step_seconds = 15;
  std::string bearer_token_file;
  std::string ca_file;
};

// Columns time and value, a row a step that has a value. INVALID_ARGUMENT names the option that is wrong;
// NOT_FOUND where no step has a value.
StatusOr<std::string> ReadPrometheus(const PrometheusHistory& history, WallTime now);

}  // namespace shadowd::input
