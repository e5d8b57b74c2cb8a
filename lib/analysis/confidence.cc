#include "analysis/confidence.h"

#include <math.h>  // lgamma_r: std::lgamma writes a global

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace shadowd::analysis {
namespace {

constexpr int kBisections = 60;
constexpr double kRankPrecision = 0.01;
// Of the mixture's prior on one side of p, whose mean is p: at most this, for every tuning in use.
constexpr double kSideShareMax = 0.62;

double LogGamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

double LogBeta(double a, double b) {
  return LogGamma(a) + LogGamma(b) - LogGamma(a + b);
}

// The point between `accepted` and `rejected` where the evidence crosses the threshold.
template <typename Accepts>
double Cross(double accepted, double rejected, double precision, Accepts accepts) {
  for (int i = 0; i < kBisections && std::abs(accepted - rejected) > precision; ++i) {
    const double middle = (accepted + rejected) / 2;
    (accepts(middle) ? accepted : rejected) = middle;
  }
  return accepted;
}

}  // namespace

double TuningOf(double v_opt, double alpha) {
  const double log_term = 2 * std::log(1 / alpha);
  return v_opt / (log_term + std::log1p(log_term));
}

double NormalMixtureBound(double v, double v_opt, double alpha) {
  const double r = TuningOf(v_opt, alpha);
  return std::sqrt((v + r) * std::log((v + r) / (r * alpha * alpha)));
}

double LogQuantileEvidence(double k, double t, double p, double t_opt, double alpha) {
  const double spread = p * (1 - p);
  const double r = std::max(TuningOf(spread * t_opt, alpha) - spread, 1e-3 * spread);
  const double a = r / (1 - p), b = r / p;
  return LogBeta(a + k, b + t - k) - LogBeta(a, b) - k * std::log(p) - (t - k) * std::log1p(-p);
}

RankInterval QuantileRanks(double t, double p, double t_opt, double alpha, double design_effect, Ends ends) {
  SHADOWD_CHECK(p > 0 && p < 1 && alpha > 0 && alpha < 1 && design_effect >= 1);
  const double worth = t / design_effect, precision = kRankPrecision / design_effect;
  const double threshold =
      std::log(ends == Ends::kBoth ? 1 / alpha : kSideShareMax / alpha + 1 - kSideShareMax);
  const auto accepts = [&](double k) { return LogQuantileEvidence(k, worth, p, t_opt, alpha) < threshold; };
  RankInterval ranks;
  const double centre = p * worth;
  if (worth <= 0 || !accepts(centre)) {
    return ranks;
  }
  ranks.low = accepts(0) ? 0 : std::ceil(Cross(centre, 0, precision, accepts) * design_effect - 1e-9);
  ranks.unbounded_above = accepts(worth);
  if (ranks.unbounded_above) {
    return ranks;
  }
  ranks.high = std::floor(Cross(centre, worth, precision, accepts) * design_effect + 1e-9) + 1;
  ranks.unbounded_above = ranks.high > t;
  return ranks;
}

Bounds RateBounds(double k, double t, double t_opt, double alpha) {
  if (t <= 0) {
    return {};
  }
  const double threshold = std::log(1 / alpha);
  const auto accepts = [&](double p) { return LogQuantileEvidence(k, t, p, t_opt, alpha) < threshold; };
  constexpr double kEdge = 1e-12;
  const double seen = std::clamp(k / t, kEdge, 1 - kEdge);
  Bounds bounds;
  bounds.low = k <= 0 ? 0 : Cross(seen, kEdge, kEdge, accepts);
  bounds.high = k >= t ? 1 : Cross(seen, 1 - kEdge, kEdge, accepts);
  return bounds;
}

double MeanHalfWidth(double t, double deviation, double t_opt, double alpha) {
  if (t < 2) {
    return INFINITY;
  }
  const double r = TuningOf(t_opt, alpha);
  const double rise = std::pow((t + r) / (r * alpha * alpha), 1 / t);
  const double left = 1 - rise * r / (t + r);
  return left > 0 ? deviation * std::sqrt((t - 1) * (rise - 1) / (t * left)) : INFINITY;
}

}  // namespace shadowd::analysis
