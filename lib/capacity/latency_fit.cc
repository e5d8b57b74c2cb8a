#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "capacity/curve_fit.h"

namespace shadowd::capacity {
namespace {

constexpr double kModelDeviation = 0.03;  // relative misfit of the law itself
constexpr std::array<double, 3> kSamplingDeviation = {0.8, 2.0,
                                                      4.0};  // times 1 / sqrt(requests), without queueing
constexpr std::array kExponents = {1.0, 1.5, 2.0, 3.0, 5.0};
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
// Most of the grid is far from the truth. Every fourth xmax is tried, then what lies between those that may
// matter.
constexpr size_t kCoarsest = 4;
constexpr double kMayMatter = 12;  // log weight below the best

double Shape(double load, double xmax, double exponent) {
  const double r = std::min(load / xmax, kUtilisationMax);
  return std::pow(r, exponent) / (1 - r);
}

}  // namespace

class CurveFitter::LatencyGrid {
 public:
  // `samples` outlives it. At least one of them has a latency of a quantile that `have` names.
  LatencyGrid(std::span<const Sample> samples, const std::array<bool, kQuantiles>& have);

  // The cells that weigh something, by xmax; weights sum to one.
  std::vector<Curve::Cell> Weigh();

 private:
  // A sample's value of one quantile, and how far it may be trusted.
  struct Measured {
    size_t sample = 0;
    double y = 0;
    double sampling = 0;  // relative deviation without queueing
    double variance = 0;  // relative, of the law and of another version's points
    double weight = 1;
  };
  struct Scored {
    Curve::Cell cell;
    double score = 0;  // log weight, before `Spread()`
    double chi = 0;    // squared standardised residuals
  };
  using Column = std::vector<std::optional<Scored>>;  // of one exponent, by step of xmax

  std::vector<Measured> Measure(size_t quantile) const;
  void Evaluate(size_t exponent, size_t step);
  // Fits what lies half way between those tried so far, `stride` apart, where a neighbour may matter.
  void Refine(size_t stride);
  double Best() const;
  // Data that scatter more than their sampling error widen everything.
  double Spread() const;
  // Least squares of one quantile for the shapes; adds to score and residuals.
  Curve::Line FitQuantile(std::span<const Measured> measured, Scored& scored);
  double XmaxScore(double xmax) const;

  std::span<const Sample> samples_;
  std::array<bool, kQuantiles> have_;
  std::array<std::vector<Measured>, kQuantiles> measured_;
  size_t values_ = 0;
  double most_ = 0;  // that was served of one load. An overload tells nothing of capacity beyond.
  std::array<Column, kExponents.size()> columns_;
  std::vector<double> throughput_;  // XmaxScore by step
  // Scratch.
  std::vector<double> shapes_;
  std::vector<Observation> observations_;
};

CurveFitter::LatencyGrid::LatencyGrid(std::span<const Sample> samples,
                                      const std::array<bool, kQuantiles>& have)
    : samples_(samples), have_(have), shapes_(samples.size()) {
  for (size_t q = 0; q < kQuantiles; ++q) {
    measured_[q] = Measure(q);
    values_ += measured_[q].size();
  }
  for (const Sample& sample : samples) {
    most_ = std::max(most_, sample.saturated ? sample.served : sample.load);
  }
  for (double xmax = kGridLow * most_; xmax < kGridHigh * most_; xmax *= kGridRatio) {
    throughput_.push_back(XmaxScore(xmax));
  }
  for (Column& column : columns_) {
    column.resize(throughput_.size());
  }
}

std::vector<CurveFitter::LatencyGrid::Measured> CurveFitter::LatencyGrid::Measure(size_t quantile) const {
  std::vector<Measured> measured;
  for (size_t i = 0; i < samples_.size(); ++i) {
    const Sample& sample = samples_[i];
    if (!sample.saturated && sample.latency[quantile] > 0) {
      measured.push_back({i, sample.latency[quantile],
                          kSamplingDeviation[quantile] / std::sqrt(sample.requests),
                          kModelDeviation * kModelDeviation + sample.prior_variance, sample.weight});
    }
  }
  return measured;
}

Curve::Line CurveFitter::LatencyGrid::FitQuantile(std::span<const Measured> measured, Scored& scored) {
  observations_.clear();
  double mean = 0, floor = 1e300;
  for (const Measured& m : measured) {
    observations_.push_back({shapes_[m.sample], m.y, 0});
    mean += m.y;
    floor = std::min(floor, m.y);
  }
  mean /= static_cast<double>(measured.size());
  const double ridge = 1 / (kSlopeScale * kSlopeScale * mean * mean);
  LineFit fit;
  double likelihood = 0, chi = 0;
  for (int pass = 0; pass < 3; ++pass) {  // values as measured, then as fitted, then the likelihood of that
    for (size_t i = 0; i < observations_.size(); ++i) {
      Observation& o = observations_[i];
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
      fit = FitLine(observations_, 0, ridge);
    }
  }
  scored.score += kTemper * likelihood - 0.5 * fit.slope * fit.slope * ridge;
  scored.chi += chi;
  return {fit.intercept, fit.slope, fit.var_intercept, fit.var_slope, fit.covariance};
}

// What throughput alone says of xmax: a saturated point serves xmax, any other is below it. A short point may
// be a burst above what the instance sustains.
double CurveFitter::LatencyGrid::XmaxScore(double xmax) const {
  double score = 0;
  for (const Sample& sample : samples_) {
    const double base = sample.saturated ? kSaturationDeviation : kStableDeviation;
    const double variance = base * base + 1 / sample.per_point + sample.prior_variance;
    double distance = std::log(sample.served / (sample.saturated ? xmax : kUtilisationMax * xmax));
    distance = sample.saturated ? distance : std::max(distance, 0.0);
    score -= 0.5 * sample.weight * std::min(distance * distance / variance, 50.0);
  }
  return score;
}

void CurveFitter::LatencyGrid::Evaluate(size_t exponent, size_t step) {
  Scored scored;
  Curve::Cell& cell = scored.cell;
  cell.xmax = kGridLow * most_ * std::pow(kGridRatio, static_cast<double>(step));
  cell.exponent = kExponents[exponent];
  for (size_t i = 0; i < samples_.size(); ++i) {
    shapes_[i] = Shape(samples_[i].load, cell.xmax, cell.exponent);
  }
  // Capacity far beyond what was seen is less likely the farther it is.
  scored.score = throughput_[step] - std::log(std::max(cell.xmax / most_, 1.0));
  for (size_t q = 0; q < kQuantiles; ++q) {
    if (have_[q]) {
      cell.latency[q] = FitQuantile(measured_[q], scored);
    }
  }
  columns_[exponent][step] = std::move(scored);
}

double CurveFitter::LatencyGrid::Best() const {
  double best = -std::numeric_limits<double>::infinity();
  for (const Column& column : columns_) {
    for (const std::optional<Scored>& scored : column) {
      best = scored ? std::max(best, scored->score) : best;
    }
  }
  return best;
}

double CurveFitter::LatencyGrid::Spread() const {
  double least = std::numeric_limits<double>::infinity();
  for (const Column& column : columns_) {
    for (const std::optional<Scored>& scored : column) {
      least = scored ? std::min(least, scored->chi) : least;
    }
  }
  return std::max(least / std::max(static_cast<double>(values_) - 6, 1.0), 1.0);
}

void CurveFitter::LatencyGrid::Refine(size_t stride) {
  const double worst = Best() - kMayMatter * Spread();
  for (size_t exponent = 0; exponent < kExponents.size(); ++exponent) {
    const Column& column = columns_[exponent];
    // The top of a sharp column lies between two low places.
    const auto top = std::max_element(column.begin(), column.end(), [](const auto& a, const auto& b) {
      return b && (!a || a->score < b->score);
    });
    const double matters = std::min(worst, (*top)->score);
    for (size_t step = stride / 2; step < column.size(); step += stride) {
      const std::optional<Scored>& below = column[step - stride / 2];
      const size_t next = step + stride / 2;
      const bool above = next < column.size() && column[next] && column[next]->score >= matters;
      if (above || (below && below->score >= matters)) {
        Evaluate(exponent, step);
      }
    }
  }
}

std::vector<Curve::Cell> CurveFitter::LatencyGrid::Weigh() {
  for (size_t exponent = 0; exponent < kExponents.size(); ++exponent) {
    for (size_t step = 0; step < throughput_.size(); step += kCoarsest) {
      Evaluate(exponent, step);
    }
  }
  for (size_t stride = kCoarsest; stride > 1; stride /= 2) {
    Refine(stride);
  }
  const double spread = Spread(), best = Best();
  std::vector<Curve::Cell> cells;
  double total = 0;
  for (const Column& column : columns_) {
    for (const std::optional<Scored>& scored : column) {
      if (scored) {
        cells.push_back(scored->cell);
        cells.back().weight = std::exp((scored->score - best) / spread);
        total += cells.back().weight;
      }
    }
  }
  std::erase_if(cells, [&](const Curve::Cell& c) { return c.weight < kCellWeightMin * total; });
  total = std::accumulate(cells.begin(), cells.end(), 0.0,
                          [](double sum, const Curve::Cell& c) { return sum + c.weight; });
  for (Curve::Cell& cell : cells) {
    cell.weight /= total;
    for (Curve::Line& line : cell.latency) {
      line.var_intercept *= spread;
      line.var_slope *= spread;
      line.covariance *= spread;
    }
  }
  std::stable_sort(cells.begin(), cells.end(),
                   [](const Curve::Cell& a, const Curve::Cell& b) { return a.xmax < b.xmax; });
  return cells;
}

void CurveFitter::FitLatency(std::span<const Sample> samples, Curve& curve) {
  bool any = false;
  for (const Sample& sample : samples) {
    for (size_t q = 0; q < kQuantiles; ++q) {
      curve.have_[q] = curve.have_[q] || (!sample.saturated && sample.latency[q] > 0);
      any = any || curve.have_[q];
    }
  }
  if (any) {
    curve.cells_ = LatencyGrid(samples, curve.have_).Weigh();
  }
}

}  // namespace shadowd::capacity
