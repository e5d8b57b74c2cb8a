#include "capacity/curve_fit.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace shadowd::capacity {
namespace {

constexpr double kHalfLifeSeconds = 24 * 3600;
constexpr double kBinRatio = 1.04;
constexpr double kSaturated = 0.95;        // a smaller throughput ratio means saturation
constexpr double kPriorDeviation = 0.30;   // relative, of another version's latencies
constexpr double kScaledDeviation = 0.12;  // once rescaled by what the new version showed
constexpr double kPriorBins = 4;           // all of the prior together is worth that many bins
constexpr double kNewVersionNoise = 0.15;  // relative, of predictions for a version without points
constexpr double kFewPointsNoise = 0.10;   // and for one with too few
constexpr double kRatioAgreement = 0.20;   // |ln(p50 ratio / CPU ratio)| that counts as moving alike
constexpr double kRatioMax = 4;
constexpr int kRatioSteps = 12;          // of bisection: to 0.1 %
constexpr double kFreshSeconds = 300;    // what is measured together
constexpr size_t kFreshBins = 3;         // loads that must have been measured
constexpr double kFreshRequests = 500;   // and requests, before they contradict what was known
constexpr size_t kCountsMin = 3;         // of instances, to see what they cost each other
constexpr double kContradiction = 0.15;  // |ln(latency ratio)| that is a change and no noise

double SourceWeight(model::KpiSource source) {
  switch (source) {
    case model::KpiSource::kProduction:
      return 1;
    case model::KpiSource::kMirrored:
      return 0.8;
    case model::KpiSource::kSynthetic:
      return 0.6;
  }
  return 0.6;
}

bool Usable(const model::CapacityPoint& point) {
  const bool finite = std::isfinite(point.load_rps) && std::isfinite(point.requests) &&
                      std::isfinite(point.p50_us) && std::isfinite(point.p95_us) &&
                      std::isfinite(point.p99_us) && std::isfinite(point.cpu_cores) &&
                      std::isfinite(point.memory_bytes) && std::isfinite(point.error_rate) &&
                      std::isfinite(point.throughput_ratio);
  return finite && point.load_rps > 0 && point.requests >= 1 && point.throughput_ratio > 0;
}

bool Saturated(const model::CapacityPoint& point) {
  return point.throughput_ratio < kSaturated;
}

double WeightedMedian(std::vector<std::pair<double, double>> values) {
  std::sort(values.begin(), values.end());
  double total = 0;
  for (const auto& value : values) {
    total += value.second;
  }
  double below = 0;
  for (const auto& [value, weight] : values) {
    below += weight;
    if (below >= total / 2) {
      return value;
    }
  }
  return -1;
}

}  // namespace

CurveFitter::CurveFitter(std::span<const model::CapacityPoint> points, const std::string& version,
                         WallTime now) {
  for (const model::CapacityPoint& point : points) {
    if (Usable(point)) {
      const double age = std::max(ToSeconds(now - point.at), 0.0);
      const double weight = SourceWeight(point.source) * std::exp2(-age / kHalfLifeSeconds);
      (point.version == version ? own_ : prior_).push_back({point, std::max(weight, 1e-3)});
    }
  }
  DemoteContradicted();
  RemoveContention();
}

void CurveFitter::DemoteContradicted() {
  WallTime newest{};
  for (const Weighted& weighted : own_) {
    newest = std::max(newest, weighted.point.at);
  }
  std::vector<Weighted> fresh, old;
  double requests = 0;
  for (const Weighted& weighted : own_) {
    const bool is_fresh = ToSeconds(newest - weighted.point.at) <= kFreshSeconds;
    (is_fresh ? fresh : old).push_back(weighted);
    requests += is_fresh ? weighted.point.requests : 0;
  }
  const std::vector<Sample> samples = Bin(fresh, true);
  if (old.empty() || samples.size() < kFreshBins || requests < kFreshRequests) {
    return;
  }
  std::vector<Sample> before = Bin(old, true);
  for (Sample& sample : before) {
    sample.latency[1] = sample.latency[2] = -1;  // the median is all that is asked
  }
  const std::optional<double> ratio = LatencyRatio(FitSamples(before), samples);
  if (ratio && std::abs(std::log(*ratio)) > kContradiction) {
    own_ = std::move(fresh);
    prior_ = std::move(old);
  }
}

model::CapacityPoint CurveFitter::Stretch(model::CapacityPoint point, double s) {
  point.load_rps /= s;
  for (double* latency : {&point.p50_us, &point.p95_us, &point.p99_us}) {
    *latency *= *latency > 0 ? s : 1;
  }
  return point;
}

Curve CurveFitter::Fit() const {
  std::vector<Sample> own = Bin(own_, true);
  std::vector<Weighted> prior = prior_;
  double deviation = kPriorDeviation;
  if (!own.empty() && !prior.empty()) {
    const Curve old = FitSamples(Bin(prior, false));
    if (const std::optional<double> ratio = TimeRatio(old, own)) {
      deviation = kScaledDeviation;
      for (Weighted& weighted : prior) {
        weighted.point = Stretch(weighted.point, *ratio);
      }
    }
  }
  std::vector<Sample> samples = Bin(prior, false);
  if (!own.empty()) {
    const double bins = std::max(static_cast<double>(samples.size()) / kPriorBins, 1.0);
    for (Sample& sample : samples) {
      sample.prior_variance = deviation * deviation * bins;
    }
  }
  double requests = 0, low = 1e300, high = 0;
  for (const Weighted& weighted : own_) {
    requests += weighted.point.requests;
    low = std::min(low, weighted.point.load_rps);
    high = std::max(high, weighted.point.load_rps);
  }
  samples.insert(samples.end(), own.begin(), own.end());
  Curve curve = FitSamples(samples);
  curve.points_ = own_.size() + prior_.size();
  curve.contention_ = contention_;
  curve.instances_ = instances_;
  curve.version_known_ = curve.known_ && requests >= 500 && high >= 1.15 * low;
  curve.prior_noise_ = own.empty() ? kNewVersionNoise : (curve.version_known_ ? 0 : kFewPointsNoise);
  return curve;
}

std::vector<CurveFitter::Sample> CurveFitter::Bin(std::span<const Weighted> points, bool own) {
  std::map<std::pair<bool, int>, std::vector<const Weighted*>> bins;
  for (const Weighted& weighted : points) {
    const double load = weighted.point.load_rps;
    const int bin = static_cast<int>(std::floor(std::log(load) / std::log(kBinRatio)));
    bins[{Saturated(weighted.point), bin}].push_back(&weighted);
  }
  std::vector<Sample> samples;
  for (const auto& [key, members] : bins) {
    samples.push_back(Merge(members, own, key.first));
  }
  return samples;
}

CurveFitter::Sample CurveFitter::Merge(std::span<const Weighted* const> points, bool own, bool saturated) {
  Sample sample;
  sample.own = own;
  sample.saturated = saturated;
  sample.weight = 0;
  std::array<std::vector<std::pair<double, double>>, kQuantiles> latency;
  std::vector<std::pair<double, double>> cpu, memory;
  double total = 0;
  for (const Weighted* weighted : points) {
    const model::CapacityPoint& point = weighted->point;
    const double mass = point.requests * weighted->weight;
    total += mass;
    sample.requests += mass;
    sample.load += mass * point.load_rps;
    sample.served += mass * point.load_rps * std::min(point.throughput_ratio, 1.0);
    sample.errors += mass * std::clamp(point.error_rate, 0.0, 1.0);
    sample.weight = std::max(sample.weight, weighted->weight);
    const std::array<double, kQuantiles> values = {point.p50_us, point.p95_us, point.p99_us};
    for (size_t q = 0; q < kQuantiles; ++q) {
      if (values[q] > 0) {
        latency[q].emplace_back(values[q], mass);
      }
    }
    if (point.cpu_cores >= 0) {
      cpu.emplace_back(point.cpu_cores / point.load_rps, mass);
    }
    if (point.memory_bytes > 0) {
      memory.emplace_back(point.memory_bytes, mass);
    }
  }
  sample.load /= total;
  sample.per_point = total / static_cast<double>(points.size());
  sample.served /= total;
  for (size_t q = 0; q < kQuantiles; ++q) {
    sample.latency[q] = WeightedMedian(std::move(latency[q]));
  }
  const double cpu_per_request = WeightedMedian(std::move(cpu));
  sample.cpu_cores = cpu_per_request < 0 ? -1 : cpu_per_request * sample.load;
  sample.memory_bytes = WeightedMedian(std::move(memory));
  return sample;
}

std::optional<double> CurveFitter::LatencyRatio(const Curve& old, std::span<const Sample> own) {
  if (!old.known() || !old.have_[0]) {
    return std::nullopt;
  }
  std::vector<std::pair<double, double>> ratios;
  for (const Sample& sample : own) {
    if (sample.saturated || sample.latency[0] <= 0) {
      continue;
    }
    double low = 1 / kRatioMax, high = kRatioMax;
    for (int i = 0; i < kRatioSteps; ++i) {
      const double s =
          std::sqrt(low * high);  // too small where the stretched median lies below what was seen
      const double below = old.ProbabilityBelow(0, s * sample.load, sample.latency[0] / s);
      (below > 0.5 ? low : high) = s;
    }
    // The least loaded points say most: there p50 is service time and hardly any waiting.
    ratios.emplace_back(std::sqrt(low * high), sample.requests / (sample.load * sample.load));
  }
  return ratios.empty() ? std::nullopt : std::optional(WeightedMedian(std::move(ratios)));
}

std::optional<double> CurveFitter::TimeRatio(const Curve& old, std::span<const Sample> own) {
  const std::optional<double> p50_ratio = LatencyRatio(old, own);
  if (!p50_ratio || !old.have_cpu_) {
    return std::nullopt;
  }
  std::vector<std::pair<double, double>> dearer;
  for (const Sample& sample : own) {
    if (!sample.saturated && sample.latency[0] > 0 && sample.cpu_cores >= 0) {
      dearer.emplace_back(sample.cpu_cores / std::max(old.cpu_.At(sample.load), 1e-12),
                          sample.requests / (sample.load * sample.load));
    }
  }
  const double cpu_ratio = WeightedMedian(std::move(dearer));
  if (cpu_ratio <= 0 || std::abs(std::log(*p50_ratio / cpu_ratio)) > kRatioAgreement) {
    return std::nullopt;
  }
  return p50_ratio;
}

Curve CurveFitter::FitSamples(std::span<const Sample> samples) {
  Curve curve;
  double requests = 0;
  curve.load_low_ = 1e300;
  for (const Sample& sample : samples) {
    requests += sample.requests;
    curve.load_low_ = std::min(curve.load_low_, sample.load);
    curve.load_high_ = std::max(curve.load_high_, sample.load);
  }
  if (requests < 100) {
    return Curve();
  }
  FitLatency(samples, curve);
  FitCpu(samples, curve);
  FitErrors(samples, curve);
  FitMemory(samples, curve);
  curve.known_ = !curve.cells_.empty();
  return curve;
}

}  // namespace shadowd::capacity
