// What the metadata of a KEDA trigger asks for. Pure, any thread.
//
//   service  the id of the service; required
//   metric   replicas (default): what the workload should have; upper_limit or expected: demand, requests per
//            second, the largest within the horizon, for use in scalingModifiers.formula
//   answer   which replicas: confirmed (default), as decided; forecast, as planned, before the test of it is
//            over. Of demand only forecast.
//   horizon  of demand: how far to look, 1s..7d; default the time that a remedy takes
//   max_age  how long the last value is served while nothing new is known, 1s..24h; default 10m
//
// Lengths of time are as in the configuration ("90s", "10m"). KEDA sends all metadata of the trigger: the
// keys of its own connection are accepted, KEYFromEnv stands for KEY. Everything else is INVALID_ARGUMENT
// that names the key.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/status.h"
#include "base/time.h"
#include "model/ids.h"

namespace shadowd::daemon {

enum class ScalerMetric { kReplicas, kUpperLimit, kExpected };

struct ScalerQuery {
  model::ServiceId service;
  ScalerMetric metric = ScalerMetric::kReplicas;
  bool confirmed = true;
  std::optional<Micros> horizon;
  Micros max_age = std::chrono::minutes(10);
  bool operator==(const ScalerQuery&) const = default;
};

StatusOr<ScalerQuery> ParseScalerQuery(const std::map<std::string, std::string>& metadata);

// "shadowd-web-replicas": the bare name of the metric in KEDA and the HPA.
std::string ScalerMetricName(const ScalerQuery& query);
// What of the query chooses a value, without spaces but between its four parts: under it the value is kept.
std::string ScalerKey(const ScalerQuery& query);

}  // namespace shadowd::daemon
