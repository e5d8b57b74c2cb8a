#include "analysis/latency_record.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "analysis/batch_means.h"

namespace shadowd::analysis {
namespace {

constexpr double kBucketRatio = 1.002;
constexpr size_t kBatch = 25;
// The sequences are tightest once about this many samples lie beyond the quantile; p99 is always a long
// trial.
constexpr double kBeyondOptimal = 45, kBeyondOptimalFar = 100;
constexpr double kFar = 0.97;
// Of the design effect of the logarithms. Too many samples beyond a limit show themselves how they cluster;
// too few do not, and a quiet stretch between two bursts looks like a service without any.
constexpr double kLogShareLow = 0.3, kLogShareHigh = 1;

const double kLogRatio = std::log(kBucketRatio);

size_t BucketOf(double latency_us) {
  return static_cast<size_t>(std::log(std::max(latency_us, 1.0)) / kLogRatio);
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

double Variance(double sum, double squares, double count) {
  return std::max(squares / count - sum * sum / (count * count), 1e-9);
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
    resolution_us_ = resolution_us_ == 1 ? 1 : std::gcd(resolution_us_, latency);
    if (recent_.size() < kRecent) {
      recent_.push_back(static_cast<uint16_t>(bucket));
    } else {
      recent_[next_] = static_cast<uint16_t>(bucket);
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

double LatencyRecord::DesignEffectAt(double q, double log_share) const {
  const size_t n = recent_.size(), limit = BucketOf(q);
  std::vector<double> below, logs;
  below.reserve(n / kBatch);
  logs.reserve(n / kBatch);
  double below_all = 0, sum_all = 0, squares_all = 0;
  for (size_t begin = 0; begin + kBatch <= n; begin += kBatch) {
    size_t inside = 0, sum = 0, squares = 0;
    for (size_t i = begin; i < begin + kBatch; ++i) {
      const size_t at = next_ + i;
      const size_t bucket = recent_[at < n ? at : at - n];
      inside += bucket <= limit ? 1 : 0;
      sum += bucket;
      squares += bucket * bucket;
    }
    below.push_back(static_cast<double>(inside) / kBatch);
    logs.push_back(static_cast<double>(sum) / kBatch);
    below_all += static_cast<double>(inside);
    sum_all += static_cast<double>(sum);
    squares_all += static_cast<double>(squares);
  }
  const double count = std::max(static_cast<double>(below.size() * kBatch), 1.0);
  const double share = below_all / count, spread = std::max(share * (1 - share), 1e-9);
  const double of_logs = DesignEffect(std::move(logs), kBatch, {Variance(sum_all, squares_all, count), 0});
  const double of_tail = DesignEffect(std::move(below), kBatch, {spread, 1 / spread - 6});
  return std::max(of_tail, log_share * of_logs);
}

model::Interval LatencyRecord::QuantileInterval(double p, double alpha, Ends ends) const {
  model::Interval interval{Quantile(p), 0, std::numeric_limits<double>::infinity()};
  if (count_ == 0) {
    return interval;
  }
  const auto count = static_cast<double>(count_);
  const double optimal = (p < kFar ? kBeyondOptimal : kBeyondOptimalFar) / (p * (1 - p));
  const auto ranks = [&](double log_share, auto end) {
    const double middle = DesignEffectAt(interval.expected, log_share);
    const double at = end(QuantileRanks(count, p, optimal, alpha, middle, ends));
    // The end is tested, not the middle: what is correlated there counts.
    if (!(at > 0 && std::isfinite(at))) {
      return at;
    }
    // Of the upper end what is correlated in the middle counts as well, for the same reason.
    const double there = DesignEffectAt(at, log_share);
    const double effect = log_share < 1 ? there : std::max(middle, there);
    return end(QuantileRanks(count, p, optimal, alpha, effect, ends));
  };
  interval.low = ranks(kLogShareLow, [&](const RankInterval& r) {
    return r.low >= 1 ? LowerEdge(BucketOfRank(buckets_, r.low)) : 0;
  });
  interval.high = ranks(kLogShareHigh, [&](const RankInterval& r) {
    return r.unbounded_above ? std::numeric_limits<double>::infinity()
                             : UpperEdge(BucketOfRank(buckets_, r.high));
  });
  return interval;
}

}  // namespace shadowd::analysis
