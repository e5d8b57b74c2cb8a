#include <algorithm>
#include <cmath>
#include <numeric>

#include "capacity/curve_fit.h"

namespace shadowd::capacity {
namespace {

constexpr double kModelDeviation = 0.03;  // relative misfit of the law itself
constexpr std::array<double, 3> kSamplingDeviation = {0.8, 2.0,
                                                      4.0};  // times 1 / sqrt(requests), without queueing
constexpr std::array kExponents = {1.0, 1.5, 2.0, 3.0};
constexpr double kGridRatio = 1.03;
constexpr double kGridLow = 0.75;  // times the most that was served
constexpr double kGridHigh = 6;
constexpr double kUtilisationMax = 0.985;  // the law is not followed closer to saturation than this
constexpr double kSaturationDeviation = 0.05;
constexpr double kStableDeviation = 0.02;
constexpr double kTemper = 0.7;  // the quantiles of one point are not independent
constexpr double kHuber = 2;
constexpr double kSlopeScale = 2;  // prior deviation of A in units of the mean latency
constexpr double kCellWeightMin = 3e-4;

double Shape(double load, double xmax, double exponent) {
  const double r = std::min(load / xmax, kUtilisationMax);
  return std::pow(r, exponent) / (1 - r);
}

}  // namespace

std::vector<CurveFitter::Measured> CurveFitter::Measure(std::span<const Sample> samples, size_t quantile) {
  std::vector<Measured> measured;
  for (size_t i = 0; i < samples.size(); ++i) {
    const Sample& sample = samples[i];
    if (!sample.saturated && sample.latency[quantile] > 0) {
      measured.push_back({i, sample.latency[quantile],
                          kSamplingDeviation[quantile] / std::sqrt(sample.requests),
                          kModelDeviation * kModelDeviation + sample.prior_variance, sample.weight});
    }
  }
  return measured;
}

Curve::Line CurveFitter::FitQuantile(std::span<const Measured> measured, std::span<const double> shapes,
                                     std::vector<Observation>& observations, double* log_likelihood,
                                     double* chi_squared) {
  observations.clear();
  double mean = 0, floor = 1e300;
  for (const Measured& m : measured) {
    observations.push_back({shapes[m.sample], m.y, 0});
    mean += m.y;
    floor = std::min(floor, m.y);
  }
  mean /= static_cast<double>(measured.size());
  const double ridge = 1 / (kSlopeScale * kSlopeScale * mean * mean);
  LineFit fit;
  double likelihood = 0, chi = 0;
  for (int pass = 0; pass < 3; ++pass) {  // values as measured, then as fitted, then the likelihood of that
    for (size_t i = 0; i < observations.size(); ++i) {
      Observation& o = observations[i];
      const Measured& m = measured[i];
      const double value = pass == 0 ? o.y : std::max(fit.intercept + fit.slope * o.z, 1e-3);
      // Waiting is far more correlated, hence noisier, than serving.
      const double excess = std::max(value / std::max(pass == 0 ? floor : fit.intercept, floor * 0.5), 1.0);
      const double sampling = m.sampling * excess;
      const double variance = m.variance + sampling * sampling;
      const double residual = pass == 0 ? 0 : std::abs(std::log(o.y / value)) / std::sqrt(variance);
      const double huber = residual <= kHuber ? 1 : kHuber / residual;
      o.weight = m.weight * huber / (variance * value * value);
      if (pass == 2) {
        const double loss = residual <= kHuber ? residual * residual : kHuber * (2 * residual - kHuber);
        likelihood -= m.weight * 0.5 * (loss + std::log(variance));
        chi += m.weight * loss;
      }
    }
    if (pass < 2) {
      fit = FitLine(observations, 0, ridge);
    }
  }
  *log_likelihood += kTemper * likelihood - 0.5 * fit.slope * fit.slope * ridge;
  *chi_squared += chi;
  return {fit.intercept, fit.slope, fit.var_intercept, fit.var_slope, fit.covariance};
}

// What throughput alone says of xmax: a saturated point serves xmax, any other is below it. A short point may
// be a burst above what the instance sustains.
double CurveFitter::XmaxScore(std::span<const Sample> samples, double xmax) {
  double score = 0;
  for (const Sample& sample : samples) {
    const double base = sample.saturated ? kSaturationDeviation : kStableDeviation;
    const double variance = base * base + 1 / sample.per_point + sample.prior_variance;
    double distance = std::log(sample.served / (sample.saturated ? xmax : kUtilisationMax * xmax));
    distance = sample.saturated ? distance : std::max(distance, 0.0);
    score -= 0.5 * sample.weight * std::min(distance * distance / variance, 50.0);
  }
  return score;
}

void CurveFitter::FitLatency(std::span<const Sample> samples, Curve& curve) {
  size_t values = 0;
  for (const Sample& sample : samples) {
    for (size_t q = 0; q < kQuantiles; ++q) {
      const bool have = !sample.saturated && sample.latency[q] > 0;
      curve.have_[q] = curve.have_[q] || have;
      values += have ? 1 : 0;
    }
  }
  if (values == 0) {
    return;
  }
  std::array<std::vector<Measured>, kQuantiles> measured;
  for (size_t q = 0; q < kQuantiles; ++q) {
    measured[q] = Measure(samples, q);
  }
  std::vector<double> scores, chis;
  std::vector<double> shapes(samples.size());
  std::vector<Observation> observations;
  // An overload tells nothing of capacity beyond what was served of it.
  double most = 0;
  for (const Sample& sample : samples) {
    most = std::max(most, sample.saturated ? sample.served : sample.load);
  }
  for (double xmax = kGridLow * most; xmax < kGridHigh * most; xmax *= kGridRatio) {
    const double throughput = XmaxScore(samples, xmax);
    for (const double exponent : kExponents) {
      for (size_t i = 0; i < samples.size(); ++i) {
        shapes[i] = Shape(samples[i].load, xmax, exponent);
      }
      Curve::Cell cell;
      cell.xmax = xmax;
      cell.exponent = exponent;
      // Capacity far beyond what was seen is less likely the farther it is.
      double score = -std::log(std::max(xmax / most, 1.0));
      double chi = 0;
      for (size_t q = 0; q < kQuantiles; ++q) {
        if (curve.have_[q]) {
          cell.latency[q] = FitQuantile(measured[q], shapes, observations, &score, &chi);
        }
      }
      score += throughput;
      curve.cells_.push_back(cell);
      scores.push_back(score);
      chis.push_back(chi);
    }
  }
  // Data that scatter more than their sampling error widen everything.
  const double freedom = std::max(static_cast<double>(values) - 6, 1.0);
  const double spread = std::max(*std::min_element(chis.begin(), chis.end()) / freedom, 1.0);
  const double best = *std::max_element(scores.begin(), scores.end());
  double total = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    curve.cells_[i].weight = std::exp((scores[i] - best) / spread);
    total += curve.cells_[i].weight;
  }
  std::erase_if(curve.cells_, [&](const Curve::Cell& c) { return c.weight < kCellWeightMin * total; });
  total = std::accumulate(curve.cells_.begin(), curve.cells_.end(), 0.0,
                          [](double sum, const Curve::Cell& c) { return sum + c.weight; });
  for (Curve::Cell& cell : curve.cells_) {
    cell.weight /= total;
    for (Curve::Line& line : cell.latency) {
      line.var_intercept *= spread;
      line.var_slope *= spread;
      line.covariance *= spread;
    }
  }
  std::sort(curve.cells_.begin(), curve.cells_.end(),
            [](const Curve::Cell& a, const Curve::Cell& b) { return a.xmax < b.xmax; });
}

}  // namespace shadowd::capacity
