#include "capacity/curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "capacity/curve_fit.h"

namespace shadowd::capacity {
namespace {

constexpr double kLatencyCapUs = 60e6;  // what "does not end" is reported as
constexpr double kLow = 0.025, kHigh = 0.975;
constexpr double kCrowded = 10;  // times the unloaded latency
constexpr double kUtilisationMax = 0.985;
constexpr double kNormal975 = 1.960;
constexpr double kFar = 6;  // standard deviations, beyond which a normal distribution has nothing
constexpr double kQuantileExact = 5e-5;  // of itself
constexpr int kQuantileSteps = 60;
constexpr double kNormalPeak = 0.3989422804;  // 1 / sqrt(2 pi)
constexpr double kNoNews = 0.08;              // relative difference of a latency that teaches nothing

double NormalBelow(double z) {
  if (std::abs(z) > kFar) {
    return z > 0 ? 1 : 0;
  }
  return 0.5 * std::erfc(-z / std::sqrt(2.0));
}

size_t QuantileIndex(double quantile) {
  return quantile < 0.75 ? 0 : (quantile < 0.97 ? 1 : 2);
}

model::Interval Around(double expected, double deviation) {
  return {expected, std::max(expected - kNormal975 * deviation, 0.0), expected + kNormal975 * deviation};
}

}  // namespace

Curve Curve::Fit(std::span<const model::CapacityPoint> points, const std::string& version, WallTime now) {
  return CurveFitter(points, version, now).Fit();
}

std::vector<Curve::Component> Curve::ComponentsAt(size_t quantile, double load_rps) const {
  std::vector<Component> components;
  for (const Cell& cell : cells_) {
    const double r = load_rps / cell.xmax;
    if (r < kUtilisationMax) {
      const Line& line = cell.latency[quantile];
      const double z = std::pow(r, cell.exponent) / (1 - r);
      const double mean = line.At(z);
      const double noise = prior_noise_ * mean;
      const double deviation = std::sqrt(std::max(line.VarianceAt(z), 0.0) + noise * noise) + 1e-9;
      components.push_back({cell.weight, mean, deviation});
    }
  }
  return components;
}

double Curve::Below(const std::vector<Component>& components, double limit_us) {
  double sum = 0;
  for (const Component& component : components) {
    sum += component.weight * NormalBelow((limit_us - component.mean) / component.deviation);
  }
  return sum;
}

double Curve::QuantileOf(const std::vector<Component>& components, double probability) {
  double low = kLatencyCapUs, high = 0;
  for (const Component& component : components) {
    low = std::min(low, component.mean - kFar * component.deviation);
    high = std::max(high, component.mean + kFar * component.deviation);
  }
  low = std::max(low, 0.0);
  if (high <= low || Below(components, std::min(high, kLatencyCapUs)) <= probability) {
    return kLatencyCapUs;
  }
  if (Below(components, low) >= probability) {
    return low;
  }
  const auto excess_and_density = [&](double at) {
    double sum = 0, density = 0;
    for (const Component& component : components) {
      const double z = (at - component.mean) / component.deviation;
      sum += component.weight * NormalBelow(z);
      density += component.weight * std::exp(-0.5 * z * z) / component.deviation;
    }
    return std::pair(sum - probability, density * kNormalPeak);
  };
  double at = (low + high) / 2;
  for (int i = 0; i < kQuantileSteps && high - low > kQuantileExact * at; ++i) {
    const auto [excess, density] = excess_and_density(at);
    (excess < 0 ? low : high) = at;
    const double step = density > 0 ? excess / density : high;
    const double next = at - step;  // Newton's, or half way where that leaves the bracket
    if (std::abs(step) <= kQuantileExact * at) {
      return next;
    }
    at = next > low && next < high ? next : (low + high) / 2;
  }
  return at;
}

double Curve::ProbabilityBelow(size_t quantile, double load_rps, double limit_us) const {
  return Below(ComponentsAt(quantile, load_rps), limit_us);
}

double Curve::LatencyAt(size_t quantile, double load_rps, double probability) const {
  return QuantileOf(ComponentsAt(quantile, load_rps), probability);
}

double Curve::ThroughputAt(double load_rps, double probability) const {
  double sum = 0;
  for (const Cell& cell : cells_) {
    sum += cell.weight;
    if (sum >= probability) {
      return std::min(cell.xmax / load_rps, 1.0);
    }
  }
  return 1;
}

const Curve::ErrorStep& Curve::ErrorsAt(double load_rps) const {
  size_t i = errors_.size() - 1;
  while (i > 0 && errors_[i].load > load_rps) {
    --i;
  }
  return errors_[i];
}

model::KpiPrediction Curve::Predict(double load_rps) const {
  model::KpiPrediction prediction;
  prediction.load_rps = load_rps;
  if (!known_ || !(load_rps > 0)) {
    return prediction;
  }
  prediction.known = true;
  prediction.extrapolated = load_rps > load_high_ * 1.05 || load_rps < load_low_ * 0.95;
  model::Interval previous;
  for (size_t q = 0; q < kQuantiles; ++q) {
    model::Interval interval{-1, -1, -1};
    if (have_[q]) {
      const std::vector<Component> components = ComponentsAt(q, load_rps);
      interval = {QuantileOf(components, 0.5), QuantileOf(components, kLow), QuantileOf(components, kHigh)};
      interval = {std::max(interval.expected, previous.expected), std::max(interval.low, previous.low),
                  std::max(interval.high, previous.high)};
      previous = interval;
    }
    (q == 0 ? prediction.p50_us : (q == 1 ? prediction.p95_us : prediction.p99_us)) = interval;
  }
  prediction.throughput_ratio = {ThroughputAt(load_rps, 0.5), ThroughputAt(load_rps, kLow),
                                 ThroughputAt(load_rps, kHigh)};
  const ErrorStep& step = ErrorsAt(load_rps);
  const double unseen = std::max(step.rate, 1 / (step.requests + 1));
  prediction.error_rate = Around(step.rate, std::sqrt(unseen / (step.requests + 1)));
  if (have_cpu_) {
    const double cores = cpu_.At(load_rps);
    const double noise = (cpu_residual_ + prior_noise_) * cores;
    const double deviation = std::sqrt(std::max(cpu_.VarianceAt(load_rps), 0.0) + noise * noise);
    prediction.cpu_us_per_request = Around(cores / load_rps * 1e6, deviation / load_rps * 1e6);
  } else {
    prediction.cpu_us_per_request = {-1, -1, -1};
  }
  prediction.memory_bytes = {-1, -1, -1};
  if (have_memory_ && have_[0]) {
    // Past saturation the queue has no size of its own.
    const double p50 = std::min(prediction.p50_us.expected, kCrowded * LatencyAt(0, load_low_, 0.5));
    const double inside = load_rps * p50 * 1e-6;
    const double bytes = memory_.At(inside);
    const double noise = (memory_residual_ + prior_noise_) * bytes;
    prediction.memory_bytes =
        Around(bytes, std::sqrt(std::max(memory_.VarianceAt(inside), 0.0) + noise * noise));
  }
  return prediction;
}

double Curve::ProbabilityHolds(double load_rps, const model::Slo& slo) const {
  const size_t quantile = QuantileIndex(slo.latency_quantile);
  if (!known_ || !have_[quantile]) {
    return 0;
  }
  if (!(load_rps > 0)) {
    return ProbabilityHolds(1e-6, slo);
  }
  const double limit = static_cast<double>(slo.latency_limit.count());
  const double latency = ProbabilityBelow(quantile, load_rps, limit);
  return std::min(latency, ProbabilityOfErrorsBelow(load_rps, slo.error_rate_max));
}

// Errors never fall with load: what is shown at a higher load, perhaps by far more requests, holds here too.
double Curve::ProbabilityOfErrorsBelow(double load_rps, double limit) const {
  double probability = 0;
  for (auto step = errors_.rbegin(); step != errors_.rend(); ++step) {
    const double rate = std::max(step->rate, 1 / (step->requests + 1));
    const double deviation = std::sqrt(rate / (step->requests + 1)) + 1e-12;
    probability = std::max(probability, NormalBelow((limit - step->rate) / deviation));
    if (step->load <= load_rps) {
      break;
    }
  }
  return probability;
}

double Curve::MaxLoad(const model::Slo& slo, double confidence) const {
  if (!known_ || ProbabilityHolds(1e-6, slo) < confidence) {
    return 0;
  }
  double low = 0, high = cells_.back().xmax;
  for (int i = 0; i < 50 && high - low > 1e-4 * high; ++i) {
    const double middle = (low + high) / 2;
    (ProbabilityHolds(middle, slo) >= confidence ? low : high) = middle;
  }
  return low;
}

double Curve::Stretch(int instances) const {
  return contention_.known() && instances > 0 && instances_ > 0
             ? contention_.TimeAt(instances) / contention_.TimeAt(instances_)
             : 1;
}

// A service whose requests take s times as long behaves as one with time stretched by s.
model::KpiPrediction Curve::Predict(double load_rps, int instances) const {
  const double s = Stretch(instances);
  model::KpiPrediction prediction = Predict(load_rps * s);
  prediction.load_rps = load_rps;
  for (model::Interval* latency : {&prediction.p50_us, &prediction.p95_us, &prediction.p99_us}) {
    *latency = latency->expected > 0
                   ? model::Interval{latency->expected * s, latency->low * s, latency->high * s}
                   : *latency;
  }
  return prediction;
}

double Curve::MaxLoadBeside(int instances, const model::Slo& slo, double confidence) const {
  const double s = Stretch(instances);
  model::Slo alone = slo;
  alone.latency_limit = Micros(static_cast<int64_t>(static_cast<double>(slo.latency_limit.count()) / s));
  return MaxLoad(alone, confidence) / s;
}

Curve::Answer Curve::SmallestLevel(double demand_rps, const model::Slo& slo, int min, int max,
                                   double confidence) const {
  const double demand = std::max(demand_rps, 0.0) * (1 - 1e-9);
  if (!contention_.known()) {
    const double load = MaxLoad(slo, confidence);
    const double needed = load > 0 ? std::ceil(demand / load) : max + 1.0;
    return needed > max ? Answer{max, false} : Answer{std::max(min, static_cast<int>(needed)), true};
  }
  // More instances may hold less, so each count is asked by itself.
  Answer best{max, false};
  double most = 0;
  for (int level = std::max(min, 1); level <= max; ++level) {
    const double held = level * MaxLoadBeside(level, slo, confidence);
    if (held > 0 && held >= demand) {
      return {level, true};
    }
    if (held > most) {
      most = held;
      best.level = level;
    }
  }
  return best;
}

bool Curve::Explains(const model::CapacityPoint& point) const {
  if (!version_known_ || point.load_rps < load_low_ || point.load_rps > load_high_ ||
      point.throughput_ratio < 0.95) {
    return false;
  }
  const std::array<double, kQuantiles> latency = {point.p50_us, point.p95_us, -1};  // p99 is mostly noise
  for (size_t q = 0; q < kQuantiles; ++q) {
    if (latency[q] <= 0) {
      continue;
    }
    double mean = 0, weight = 0;
    for (const Component& component : ComponentsAt(q, point.load_rps)) {
      mean += component.weight * component.mean;
      weight += component.weight;
    }
    if (!have_[q] || weight <= 0 || std::abs(latency[q] * weight / mean - 1) > kNoNews) {
      return false;
    }
  }
  return true;
}

std::string Curve::Summary(const model::Slo& slo) const {
  if (!known_) {
    return "too few measurements to tell what an instance holds";
  }
  const double expected = MaxLoad(slo, 0.5), sure = MaxLoad(slo, 0.9);
  const double limit_ms = static_cast<double>(slo.latency_limit.count()) * 1e-3;
  return fmt::format(
      "max load {:.0f} req/s per instance (surely {:.0f}) at p{:.0f} <= {:.0f} ms, from {} points", expected,
      sure, slo.latency_quantile * 100, limit_ms, points_);
}

double MeanRelativeError(const Curve& curve, std::span<const model::CapacityPoint> points) {
  double sum = 0;
  int count = 0;
  for (const model::CapacityPoint& point : points) {
    const model::KpiPrediction prediction = curve.Predict(point.load_rps);
    if (!prediction.known) {
      continue;
    }
    if (point.p95_us > 0 && prediction.p95_us.expected > 0) {
      sum += std::abs(point.p95_us - prediction.p95_us.expected) / prediction.p95_us.expected;
      ++count;
    }
    const double cpu = point.cpu_cores / std::max(point.load_rps, 1e-9) * 1e6;
    if (point.cpu_cores > 0 && prediction.cpu_us_per_request.expected > 0) {
      sum += std::abs(cpu - prediction.cpu_us_per_request.expected) / prediction.cpu_us_per_request.expected;
      ++count;
    }
  }
  return count > 0 ? sum / count : 0;
}

}  // namespace shadowd::capacity
