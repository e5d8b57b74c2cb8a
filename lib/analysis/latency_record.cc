#include "analysis/latency_record.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/confidence.h"

namespace shadowd::analysis {
namespace {

constexpr double kBucketRatio = 1.005;
constexpr double kSamplesOptimal = 300;  // where the sequences are tightest; trials are short
constexpr size_t kBatchMin = 25;
constexpr double kCorrelated = 0.25;  // batch means that correlate more than this need larger batches
constexpr double kLagMax = 0.8;
constexpr size_t kBatchesMin = 8;
constexpr double kDesignEffectUnknown = 4;

const double kLogRatio = std::log(kBucketRatio);

size_t BucketOf(uint32_t latency_us) {
  return static_cast<size_t>(std::log(std::max<double>(latency_us, 1)) / kLogRatio);
}
double LowerEdge(size_t bucket) {
  return std::exp(static_cast<double>(bucket) * kLogRatio);
}
double UpperEdge(size_t bucket) {
  return LowerEdge(bucket + 1);
}

// The bucket that holds the order statistic of this rank, 1..count.
size_t BucketOfRank(const std::vector<uint32_t>& buckets, double rank) {
  double seen = 0;
  for (size_t i = 0; i < buckets.size(); ++i) {
    seen += buckets[i];
    if (seen >= rank) {
      return i;
    }
  }
  return buckets.size() - 1;
}

struct Moments {
  double count = 0, mean = 0, variance = 0, lag_one = 0;
};

Moments MomentsOf(const std::vector<double>& values) {
  Moments moments;
  moments.count = static_cast<double>(values.size());
  for (const double value : values) {
    moments.mean += value / moments.count;
  }
  double squares = 0, products = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    squares += (values[i] - moments.mean) * (values[i] - moments.mean);
    products += i == 0 ? 0 : (values[i] - moments.mean) * (values[i - 1] - moments.mean);
  }
  moments.variance = squares / (moments.count - 1);
  moments.lag_one = squares > 0 ? products / squares : 0;
  return moments;
}

}  // namespace

void LatencyRecord::Add(std::span<const uint32_t> latency_us) {
  for (const uint32_t latency : latency_us) {
    const size_t bucket = BucketOf(latency);
    if (bucket >= buckets_.size()) {
      buckets_.resize(bucket + 1);
    }
    ++buckets_[bucket];
    ++count_;
    if (recent_.size() < kRecent) {
      recent_.push_back(latency);
    } else {
      recent_[next_] = latency;
      next_ = (next_ + 1) % kRecent;
    }
  }
}

double LatencyRecord::Quantile(double p) const {
  if (count_ == 0) {
    return 0;
  }
  const double rank = std::max(std::ceil(p * static_cast<double>(count_)), 1.0);
  const size_t bucket = BucketOfRank(buckets_, rank);
  return std::sqrt(LowerEdge(bucket) * UpperEdge(bucket));
}

// Batch means of 1{X <= q} over batches of this size, oldest first.
std::vector<double> LatencyRecord::BatchShares(double q, size_t batch) const {
  const size_t n = recent_.size();
  std::vector<double> shares;
  for (size_t begin = 0; begin + batch <= n; begin += batch) {
    double inside = 0;
    for (size_t i = begin; i < begin + batch; ++i) {
      inside += recent_[(next_ + i) % n] <= q ? 1 : 0;
    }
    shares.push_back(inside / static_cast<double>(batch));
  }
  return shares;
}

double LatencyRecord::DesignEffect(double q) const {
  const size_t n = recent_.size();
  size_t batch = std::max(kBatchMin, static_cast<size_t>(std::sqrt(static_cast<double>(n))));
  if (n < batch * kBatchesMin) {
    return kDesignEffectUnknown;
  }
  for (;;) {
    const Moments moments = MomentsOf(BatchShares(q, batch));
    const bool larger = n / (2 * batch) >= kBatchesMin;
    if (moments.lag_one > kCorrelated && larger) {
      batch *= 2;
      continue;
    }
    const double spread = std::max(moments.mean * (1 - moments.mean), 1e-9);
    const double effect = static_cast<double>(batch) * moments.variance / spread;
    // What correlation is left between the largest batches is taken for autoregressive.
    const double rest = std::clamp(moments.lag_one, 0.0, kLagMax);
    const double left = moments.lag_one > kCorrelated ? (1 + rest) / (1 - rest) : 1;
    return std::max(effect * left * (1 + 2 / std::sqrt(moments.count)), 1.0);
  }
}

model::Interval LatencyRecord::QuantileInterval(double p, double alpha) const {
  model::Interval interval{Quantile(p), 0, std::numeric_limits<double>::infinity()};
  if (count_ == 0) {
    return interval;
  }
  const double effect = DesignEffect(interval.expected);
  const RankInterval ranks = QuantileRanks(static_cast<double>(count_), p, kSamplesOptimal, alpha, effect);
  if (ranks.low >= 1) {
    interval.low = LowerEdge(BucketOfRank(buckets_, ranks.low));
  }
  if (!ranks.unbounded_above) {
    interval.high = UpperEdge(BucketOfRank(buckets_, ranks.high));
  }
  return interval;
}

}  // namespace shadowd::analysis
