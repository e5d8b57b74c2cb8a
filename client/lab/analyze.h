// What the Shadow Analysis Engine says about a recorded shadow, and when it would have said it: samples are
// fed to the very engine in their order, window by window, until both questions are settled. Pure functions.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/kpi.h"
#include "model/service.h"
#include "model/trial.h"

namespace shadowd::lab {

// {"latency_us": {"p50": .., "p95": .., "p99": ..}, "error_rate": ..}; at least one latency.
StatusOr<model::KpiPrediction> ParsePrediction(std::string_view json, std::string_view file);

struct RequestSample {
  int64_t time_us = 0;
  uint32_t latency_us = 0;
  bool ok = true;
};
// Columns time_us, latency_us and ok (1, 0, true, false); times do not fall.
StatusOr<std::vector<RequestSample>> ParseRequests(std::string_view text, std::string_view file);

struct AnalyzeInput {
  model::KpiPrediction predicted;
  std::vector<RequestSample> samples;
  std::vector<RequestSample> null;  // both or neither: what makes shadows comparable to production
  std::vector<RequestSample> production;
  double tolerance = 0.10;
  double alpha = 0.05;
  std::optional<model::Slo> limit;
  Micros warm_up{0};  // left out at the start of each file
};

// After how many samples, and how long, an axis was first settled for good of what was fed until then.
struct Settling {
  size_t samples = 0;
  double seconds = 0;
};

struct Analysis {
  model::ArmVerdict verdict;  // slo UNKNOWN without a limit
  size_t samples_used = 0;    // until all was settled, or all of them
  double seconds_used = 0;
  std::optional<Settling> model_settled;
  std::optional<Settling> slo_settled;
};

Analysis Analyze(const AnalyzeInput& input);

}  // namespace shadowd::lab
