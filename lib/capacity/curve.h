// The capacity curve: the five KPIs of one instance as functions of its load, for one version of the service,
// fitted from measured points. Immutable value type; pure; any thread.
//
// Latency quantiles follow L_p(x) = L0_p + A_p * r^b / (1 - r), r = x / xmax, where the quantiles share xmax
// and b (b = 1 is the hyperbola of a single server; several slots queue later, b = 2, compare Sakasegawa's
// approximation of M/G/c). The fit keeps a grid of (xmax, b) with their posterior weights and, for each, the
// weighted least squares posterior of (L0, A), so that every prediction is a mixture whose spread grows where
// there is no data. Saturated points (throughput below the offered load) bound xmax and do not join the least
// squares. CPU follows the utilisation law c0 + D * x; memory is linear in the requests inside (Little's
// law). Errors are isotonic in load, not logistic: most services show none until they are overloaded, and
// then the slope of a logistic has no estimate (all zeros are separable), while steps need no shape.
//
// Where production ran with several instance counts and these cost each other time (contention.h), points are
// brought to the count of the newest one, and levels are counted with what each count costs.
//
// Points of other versions form a prior with a wide uncertainty: a new version starts from the old curve.
// Once its own points show that p50 and CPU per request moved alike, the prior is rescaled in time by that
// ratio. Points are weighted by recency and source: production 1, mirrored and synthetic less.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "capacity/contention.h"
#include "model/kpi.h"
#include "model/service.h"

namespace shadowd::capacity {

class Curve {
 public:
  Curve() = default;  // knows nothing

  static Curve Fit(std::span<const model::CapacityPoint> points, const std::string& version, WallTime now);

  bool known() const { return known_; }                  // enough to predict
  bool version_known() const { return version_known_; }  // enough of this version itself

  // The KPIs at a load. Monotone in load; intervals hold 95 % and widen where there is no data.
  model::KpiPrediction Predict(double load_rps) const;
  // The same beside another number of instances than the newest point had.
  model::KpiPrediction Predict(double load_rps, int instances) const;

  // The probability that the SLO holds at this load; 0 when unknown.
  double ProbabilityHolds(double load_rps, const model::Slo& slo) const;

  // The largest load at which the SLO holds with this one-sided confidence (0.5 = expected). 0 when unknown.
  double MaxLoad(const model::Slo& slo, double confidence) const;

  struct Answer {
    int level = 0;
    bool holds = false;  // false: not even the largest level does
  };
  Answer SmallestLevel(double demand_rps, const model::Slo& slo, int min, int max, double confidence) const;

  // True when the point says nothing that the curve does not: a load of this version that it has seen, and
  // latencies as expected there. Far cheaper than a fit.
  bool Explains(const model::CapacityPoint& point) const;

  std::string Summary(const model::Slo& slo) const;  // a sentence

  const Contention& contention() const { return contention_; }

 private:
  friend class CurveFitter;

  static constexpr size_t kQuantiles = 3;  // p50, p95, p99

  // A line y = intercept + slope * z with the covariance of its two parameters.
  struct Line {
    double intercept = 0, slope = 0;
    double var_intercept = 0, var_slope = 0, covariance = 0;
    double At(double z) const { return intercept + slope * z; }
    double VarianceAt(double z) const { return var_intercept + 2 * z * covariance + z * z * var_slope; }
  };
  struct Cell {
    double weight = 0;
    double xmax = 0;
    double exponent = 1;
    std::array<Line, kQuantiles> latency;
  };
  struct ErrorStep {
    double load = 0;  // from here on
    double rate = 0;
    double requests = 0;
  };

  // The posterior of one quantile at one load: cells that are not saturated there.
  struct Component {
    double weight = 0, mean = 0, deviation = 0;
  };
  std::vector<Component> ComponentsAt(size_t quantile, double load_rps) const;
  static double Below(const std::vector<Component>& components, double limit_us);
  static double QuantileOf(const std::vector<Component>& components, double probability);

  // How much longer requests take beside so many instances.
  double Stretch(int instances) const;
  double MaxLoadBeside(int instances, const model::Slo& slo, double confidence) const;

  double ProbabilityBelow(size_t quantile, double load_rps, double limit_us) const;
  double LatencyAt(size_t quantile, double load_rps, double probability) const;
  double ThroughputAt(double load_rps, double probability) const;
  const ErrorStep& ErrorsAt(double load_rps) const;
  double ProbabilityOfErrorsBelow(double load_rps, double limit) const;

  bool known_ = false;
  bool version_known_ = false;
  size_t points_ = 0;
  double load_low_ = 0, load_high_ = 0;  // of the points
  double prior_noise_ = 0;               // relative, added while the version itself is little known
  std::vector<Cell> cells_;              // weights sum to one
  std::array<bool, kQuantiles> have_{};
  Line cpu_;
  double cpu_residual_ = 0;  // relative
  bool have_cpu_ = false;
  std::vector<ErrorStep> errors_;
  Line memory_;
  double memory_residual_ = 0;  // relative
  bool have_memory_ = false;
  Contention contention_;
  int instances_ = 0;  // of the newest point; 0 = unknown
};

// The mean of |measured - predicted| / predicted of p95 and of CPU over the points; 0 without any.
double MeanRelativeError(const Curve& curve, std::span<const model::CapacityPoint> points);

}  // namespace shadowd::capacity
