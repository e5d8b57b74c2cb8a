// The forecast of one service's demand: past demand, the combination of models fitted to it, and prediction
// limits that learn from their own misses: limit = expected +- k * scale per horizon block, with
// k+ and k- moved by eta * (miss - alpha / 2) after each outcome (quantile tracking; started by
// split-conformal in FitModels). Value type, owned by the service's machine; one thread; pure. Observe is a
// few microseconds; FitModels is a few milliseconds and meant for another thread: CopyForFit hands out
// values, Adopt takes the result, and observations made in between are kept. The peak over a window has
// limits of its own, by conformal on past peaks, because the largest of many steps exceeds a per-step limit
// more often.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "forecast/accuracy.h"
#include "forecast/blend.h"
#include "forecast/change.h"
#include "forecast/combination.h"
#include "forecast/fit.h"
#include "forecast/limits.h"
#include "forecast/options.h"
#include "forecast/peaks.h"
#include "model/forecast.h"
#include "model/learnt.h"
#include "series/time_series.h"

namespace shadowd::forecast {

class Forecaster {
 public:
  Forecaster(model::ServiceId service, Options options);

  // History, ascending. Replaces nothing that is there: it fills what is missing and what lies before.
  void Import(std::span<const std::pair<WallTime, double>> demand_rps);
  // One step's demand. Negative and NaN samples, duplicates and stragglers change nothing; see TimeSeries for
  // clocks that jump. `coarse_rps` is what a coarser scale expects of the horizon after this step; empty
  // where there is none.
  void Observe(WallTime at, double rps, std::span<const double> coarse_rps = {});

  bool WantsFit() const;  // enough new data, a change of level, never fitted, or asked for
  void AskForFit() { asked_ = true; }
  bool fitted() const { return combination_.members() > 0; }
  std::shared_ptr<const FitInput> CopyForFit() const;
  void Adopt(const Fit& fit);
  // The next fit takes these models up instead of choosing.
  void Revert(model::FittedForecast kept);

  // The whole horizon after the last observation; DEGRADED with a reason until trustworthy.
  model::Forecast Predict() const;
  // Of the largest demand over (last + from, last + to]. The upper limit is meant for planning.
  double PeakUpper(Micros from, Micros to) const;
  double PeakExpected(Micros from, Micros to) const;
  // Where demand would be within this time if it rose from now as steeply as on the steepest of the last
  // three days at this time of day; 0 while no day is known. Jumps by the clock (a job at 3:00, a market that
  // opens) come back on some days and not on others: an expectation smooths them away.
  double RiseWithin(Micros within) const;
  size_t observations() const { return series_.present(); }

  // What is fitted, for people, and as it learns on, to be kept as a version.
  model::ForecastScale Scale() const;
  model::FittedForecast Kept() const;
  // Mean absolute error of the seasonal naive forecast, one step ahead; 0 while unknown.
  double NaiveError() const { return accuracy_.NaiveError(); }
  // Changes of behaviour noticed so far, and how far the last one still widens the limits (1 = not).
  int changes() const { return change_.noticed(); }
  double Widening() const { return change_.Widening(); }

 private:
  void Score(std::span<const double> work);
  void FillGap(int64_t steps);
  void Project(std::span<const double> coarse_rps, std::vector<double>& work);
  // The newest steps as models want them, as many as they look at, with room for the horizon.
  std::vector<double> Work() const;
  std::vector<double> All();  // of them
  void Reset();
  std::string DegradedReason() const;
  std::pair<int, int> Window(Micros from, Micros to) const;  // steps first..last of the horizon

  model::ServiceId service_;
  Options options_;
  series::TimeSeries series_;  // as measured
  // Label of the newest step: at first the steps since the epoch, so that a restart finds the same phases;
  // then it grows by one a step, whatever the clock does.
  int64_t step_of_last_ = 0;
  Transform transform_;
  Combination combination_;
  Blend blend_;  // with the coarser scale, once that says something
  bool blends_ = false;
  std::vector<double> path_;  // transformed, the horizon after the last observation
  std::vector<double> up_;    // margins on path_
  std::vector<double> down_;
  Limits limits_;
  Peaks peaks_;
  Change change_;
  Accuracy accuracy_;
  int version_ = 0;
  int since_fit_ = 0;  // steps
  int gap_ = 0;        // steps missing right before the newest ones
  int since_gap_ = 0;

  bool asked_ = false;
  bool tried_ = false;  // a fit was adopted, usable or not
  double mase_ = 0;     // of the fit
  double largest_ = 0;  // demand of the steps that are kept, and since
  std::string fit_reason_;
  std::shared_ptr<const model::FittedForecast> revert_to_;
};

}  // namespace shadowd::forecast
