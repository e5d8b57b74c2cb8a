// The latencies of one arm, in bounded memory: counts in buckets of 0.5 % relative width, for order
// statistics, and the most recent samples in their order, for the correlation between them. Owned by an
// ArmRecord; value type. Interval ends are rounded outwards to bucket edges, so they stay valid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/kpi.h"

namespace shadowd::analysis {

class LatencyRecord {
 public:
  void Add(std::span<const uint32_t> latency_us);

  uint64_t count() const { return count_; }

  double Quantile(double p) const;  // 0 when empty

  // The confidence sequence of the p-quantile, with correlated samples counted for less. `high` is infinite
  // while the samples cannot bound it. An empty record gives [0, inf).
  model::Interval QuantileInterval(double p, double alpha) const;

  // How many correlated samples are worth one independent sample for the indicator {X <= q}: batch size times
  // the variance of batch means over p(1-p), enlarged for few batches, at least 1. Batches double as long as
  // their means still correlate.
  double DesignEffect(double q) const;

 private:
  std::vector<double> BatchShares(double q, size_t batch) const;

  static constexpr size_t kRecent = 16'384;

  std::vector<uint32_t> buckets_;  // grows to the largest latency seen
  std::vector<uint32_t> recent_;   // ring of the last kRecent
  size_t next_ = 0;
  uint64_t count_ = 0;
};

}  // namespace shadowd::analysis
