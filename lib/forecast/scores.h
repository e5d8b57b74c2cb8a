// How good forecasts were, once the truth is known: the scores of the M4 competition (Makridakis, Spiliotis,
// Assimakopoulos 2020) and what operations ask, whether the peak stayed below its limit and at what margin.
// Pure values.
//
//   sMAPE = mean 200 |y - f| / (|y| + |f|), 0 where both are 0           MASE = mean |y - f| / scale
//   MSIS  = mean [(u - l) + 2/a (l - y)+ + 2/a (y - u)+] / scale, a = 1 - coverage target
//   scale = mean |y[t] - y[t - m]| over the data before the forecasts     OWA: half of sMAPE and MASE
//   relative
//                                                                              to Naive2's
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace shadowd::forecast {

struct ScoredStep {
  double actual = 0;
  double expected = 0;
  double lower = 0;
  double upper = 0;
};

// What the seasonal naive forecast errs by on the data it comes from; 0 when there are no more than m values.
double SeasonalScale(std::span<const double> values, size_t season);

struct Scores {
  size_t steps = 0;
  size_t origins = 0;
  double smape = 0;            // per cent
  std::optional<double> mase;  // nothing where the scale is 0: the data before never changed
  std::optional<double> msis;
  double coverage = 0;       // share of steps within the limits
  double peak_coverage = 0;  // share of origins whose largest demand stayed below the limit
  std::optional<double>
      mean_upper_margin;  // (largest upper limit - peak) / peak, over origins with a peak > 0
  std::optional<double> mean_relative_width;  // mean(u - l) / mean(y)
};

// Published scores of Naive2 on M4's hourly series.
inline constexpr double kNaive2HourlySmape = 18.383;
inline constexpr double kNaive2HourlyMase = 2.395;
double OverallWeightedAverage(double smape, double mase, double naive2_smape, double naive2_mase);

// Pools the steps of many origins.
class Scorer {
 public:
  Scorer(double scale, double coverage_target) : scale_(scale), alpha_(1 - coverage_target) {}

  void AddOrigin(std::span<const ScoredStep> steps);
  Scores Result() const;

 private:
  double scale_;
  double alpha_;
  size_t steps_ = 0;
  size_t origins_ = 0;
  size_t peaks_ = 0;  // origins with a peak > 0
  double smape_ = 0;
  double error_ = 0;
  double interval_ = 0;
  double width_ = 0;
  double actual_ = 0;
  double inside_ = 0;
  double peaks_below_ = 0;
  double margin_ = 0;
};

}  // namespace shadowd::forecast
