// CPU, errors and memory of the curve.
#include <algorithm>
#include <cmath>

#include "capacity/curve_fit.h"

namespace shadowd::capacity {
namespace {

constexpr double kCpuDeviation = 0.02;
constexpr double kCpuSampling = 1.0;  // times 1 / sqrt(requests)
constexpr double kIdleShare = 0.2;    // prior deviation of the idle CPU in units of the mean
constexpr double kMemoryDeviation = 0.05;
constexpr double kPriorErrorWeight = 0.1;  // of another version's requests

struct Fitted {
  LineFit line;
  double residual = 0;  // relative
};

Fitted FitRelative(std::vector<Observation> observations, double ridge_intercept_scale,
                   double ridge_slope_scale) {
  double mean = 0;
  for (const Observation& o : observations) {
    mean += o.y / static_cast<double>(observations.size());
  }
  double z_mean = 0;
  for (const Observation& o : observations) {
    z_mean += o.z / static_cast<double>(observations.size());
  }
  for (Observation& o : observations) {
    o.weight /= o.y * o.y;
  }
  const double intercept = ridge_intercept_scale > 0 ? 1 / std::pow(ridge_intercept_scale * mean, 2) : 0;
  const double slope =
      ridge_slope_scale > 0 && z_mean > 0 ? 1 / std::pow(ridge_slope_scale * mean / z_mean, 2) : 0;
  Fitted fitted;
  fitted.line = FitLine(observations, intercept, slope);
  double sum = 0, weights = 0;
  for (const Observation& o : observations) {
    const double relative = o.y / std::max(fitted.line.intercept + fitted.line.slope * o.z, 1e-12) - 1;
    sum += o.weight * o.y * o.y * relative * relative;
    weights += o.weight * o.y * o.y;
  }
  fitted.residual = std::sqrt(sum / weights);
  return fitted;
}

}  // namespace

void CurveFitter::FitCpu(std::span<const Sample> samples, Curve& curve) {
  std::vector<Observation> observations;
  for (const Sample& sample : samples) {
    if (sample.cpu_cores > 0) {
      const double variance = kCpuDeviation * kCpuDeviation + kCpuSampling * kCpuSampling / sample.requests +
                              sample.prior_variance;
      observations.push_back(
          {std::min(sample.load, sample.served), sample.cpu_cores, sample.weight / variance});
    }
  }
  curve.have_cpu_ = !observations.empty();
  if (curve.have_cpu_) {
    const Fitted fitted = FitRelative(std::move(observations), kIdleShare, 0);
    curve.cpu_ = {fitted.line.intercept, fitted.line.slope, fitted.line.var_intercept, fitted.line.var_slope,
                  fitted.line.covariance};
    curve.cpu_residual_ = std::max(fitted.residual, kCpuDeviation);
  }
}

void CurveFitter::FitErrors(std::span<const Sample> samples, Curve& curve) {
  std::vector<Curve::ErrorStep> steps;
  for (const Sample& sample : samples) {
    const double share = sample.own || sample.prior_variance <= 0 ? 1 : kPriorErrorWeight;
    steps.push_back({sample.load, sample.errors / sample.requests, sample.requests * share});
  }
  std::sort(steps.begin(), steps.end(), [](const auto& a, const auto& b) { return a.load < b.load; });
  // Pool adjacent violators: the rate never falls with load.
  for (const Curve::ErrorStep& step : steps) {
    curve.errors_.push_back(step);
    while (curve.errors_.size() >= 2 &&
           curve.errors_.back().rate <= curve.errors_[curve.errors_.size() - 2].rate) {
      const Curve::ErrorStep last = curve.errors_.back();
      curve.errors_.pop_back();
      Curve::ErrorStep& into = curve.errors_.back();
      const double requests = into.requests + last.requests;
      into.rate = (into.rate * into.requests + last.rate * last.requests) / requests;
      into.requests = requests;
    }
  }
}

void CurveFitter::FitMemory(std::span<const Sample> samples, Curve& curve) {
  std::vector<Observation> observations;
  for (const Sample& sample : samples) {
    if (sample.memory_bytes > 0 && !sample.saturated && sample.latency[0] > 0) {
      const double inside = sample.load * sample.latency[0] * 1e-6;
      observations.push_back({inside, sample.memory_bytes,
                              sample.weight / (kMemoryDeviation * kMemoryDeviation + sample.prior_variance)});
    }
  }
  curve.have_memory_ = !observations.empty();
  if (curve.have_memory_) {
    const Fitted fitted = FitRelative(std::move(observations), 0, 1);
    curve.memory_ = {fitted.line.intercept, fitted.line.slope, fitted.line.var_intercept,
                     fitted.line.var_slope, fitted.line.covariance};
    curve.memory_residual_ = std::max(fitted.residual, kMemoryDeviation);
  }
}

}  // namespace shadowd::capacity
