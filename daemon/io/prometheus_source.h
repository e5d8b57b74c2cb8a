// Production as a Prometheus knows it: a round asks for each KPI and makes a window of the answers; past
// demand is fetched first where some is missing. What has no value is missing data, never zero: a round
// without demand brings nothing. Used by one thread at a time.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "daemon/io/telemetry_source.h"
#include "kpi/reading.h"
#include "model/service.h"

namespace shadowd::io {

class PrometheusSource final : public TelemetrySource {
 public:
  // `known_until`: the newest demand that need not be fetched; the epoch: none is known.
  PrometheusSource(const model::ServiceSpec& spec, WallTime known_until);

  Micros interval() const override { return interval_; }
  Polled Poll(HttpClient& client, WallTime now) override;

 private:
  StatusOr<std::string> Ask(HttpClient& client, const std::string& target, size_t bytes_max);
  // Nothing where the server has none; the first error is kept in `polled`.
  std::optional<double> Value(HttpClient& client, const std::string& field, const std::string& query,
                              WallTime now, Polled& polled);
  void FetchPast(HttpClient& client, WallTime now, Polled& polled);
  kpi::Reading Read(HttpClient& client, WallTime now, Polled& polled);

  model::PrometheusSource source_;
  model::KpiQueries queries_;
  Micros step_;
  Micros interval_;
  WallTime known_until_;
  int past_attempts_ = 0;  // left
  WallTime last_end_;      // of the last window; the epoch: there was none
  Micros retry_after_{0};
};

}  // namespace shadowd::io
