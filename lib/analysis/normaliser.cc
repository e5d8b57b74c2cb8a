#include "analysis/normaliser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/limits.h"

namespace shadowd::analysis {
namespace {

using model::Interval;
using model::KpiKind;

constexpr double kRatioLow = 0.8, kRatioHigh = 1.25;
constexpr int kWindowsMin = 3;
constexpr double kRatios = 4;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Interval Over(const Interval& production, const Interval& null) {
  return {null.expected > 0 ? production.expected / null.expected : 1,
          std::isfinite(null.high) && null.high > 0 ? production.low / null.high : 0,
          null.low > 0 ? production.high / null.low : kInfinity};
}

Interval Recorded(const LatencyRecord& latency, double p, double alpha) {
  Interval interval = latency.QuantileInterval(p, alpha);
  const double step = latency.resolution_us() > 1 ? latency.resolution_us() : 0;
  interval.low = std::max(interval.low - step, 0.0);
  interval.high += step;
  return interval;
}

std::string Value(KpiKind kind, double value) {
  return kind == KpiKind::kCpuPerRequest ? fmt::format("{:.0f} us", value) : Milliseconds(value);
}

}  // namespace

double Normaliser::Of(KpiKind kind) const {
  for (const KpiRatio& known : ratios) {
    if (known.kind == kind) {
      return std::clamp(1.0, known.ratio.low, known.ratio.high);
    }
  }
  return 1;
}

Normaliser CompareWithProduction(const ArmRecord& production, const ArmRecord& null, double alpha) {
  Normaliser normaliser;
  if (null.windows() < kWindowsMin || production.windows() < kWindowsMin) {
    normaliser.note = "too little of production or of the null shadow to compare them";
    return normaliser;
  }
  const double share = alpha / kRatios / 2;  // of each of the two intervals in a ratio
  const auto add = [&](KpiKind kind, const Interval& a, const Interval& b) {
    normaliser.ratios.push_back({kind, a.expected, b.expected, Over(a, b)});
  };
  for (const auto& [kind, p] :
       {std::pair(KpiKind::kLatencyP50, 0.5), {KpiKind::kLatencyP95, 0.95}, {KpiKind::kLatencyP99, 0.99}}) {
    if (production.latency().count() > 0 && null.latency().count() > 0) {
      add(kind, Recorded(production.latency(), p, share), Recorded(null.latency(), p, share));
    }
  }
  const std::optional<Interval> a = production.CpuPerRequest(share), b = null.CpuPerRequest(share);
  if (a && b && a->expected > 0 && b->expected > 0) {
    add(KpiKind::kCpuPerRequest, *a, *b);
  }
  std::string corrected;
  for (const KpiRatio& known : normaliser.ratios) {
    if (known.ratio.low > kRatioHigh || known.ratio.high < kRatioLow) {
      normaliser.refused = true;
      normaliser.note = fmt::format(
          "production and the null shadow differ at the same load: {} {} against {}, {:.2f} to {:.2f} times; "
          "shadows do not stand for production here",
          model::KpiName(known.kind), Value(known.kind, known.production), Value(known.kind, known.null),
          known.ratio.low, known.ratio.high);
      return normaliser;
    }
    const double factor = normaliser.Of(known.kind);
    if (factor != 1) {
      corrected +=
          fmt::format("{}{} by {:.2f}", corrected.empty() ? "" : ", ", model::KpiName(known.kind), factor);
    }
  }
  if (!corrected.empty()) {
    normaliser.note = "scaled as production is to the null shadow: " + corrected;
  }
  return normaliser;
}

}  // namespace shadowd::analysis
