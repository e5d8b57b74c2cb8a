// The latencies of one arm, in bounded memory: counts in buckets of 0.2 % relative width, for order
// statistics, and the most recent samples in their order, for the correlation between them. Owned by an
// ArmRecord; value type. Interval ends are rounded outwards to bucket edges, so they stay valid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "analysis/confidence.h"
#include "model/kpi.h"

namespace shadowd::analysis {

class LatencyRecord {
 public:
  void Add(std::span<const uint32_t> latency_us);

  uint64_t count() const { return count_; }
  // The step in which the latencies come: 1000 where a log has milliseconds, 1 where anything is seen.
  uint32_t resolution_us() const { return resolution_us_; }

  double Quantile(double p) const;  // 0 when empty

  // The confidence sequence of the p-quantile, with correlated samples counted for less. `high` is infinite
  // while the samples cannot bound it. An empty record gives [0, inf).
  model::Interval QuantileInterval(double p, double alpha, Ends ends = Ends::kBoth) const;

  // How many correlated samples are worth one independent sample for the indicator {X <= q}. Where all lie
  // on one side of q for a while the indicator shows no correlation; the logarithms of the latencies do, and
  // of theirs `log_share` is taken at least.
  double DesignEffectAt(double q, double log_share) const;

 private:
  static constexpr size_t kRecent = 16'384;

  std::vector<uint32_t> buckets_;  // grows to the largest latency seen
  std::vector<uint16_t> recent_;   // buckets of the last kRecent, a ring
  size_t next_ = 0;
  uint64_t count_ = 0;
  uint32_t resolution_us_ = 0;
};

}  // namespace shadowd::analysis
