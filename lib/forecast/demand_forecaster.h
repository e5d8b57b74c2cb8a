// The forecast of one service's demand at two resolutions: a Forecaster at the step that is asked for, which
// follows what happens now, and one at a coarser step, which knows days and weeks (CoarseScale). The fine
// one blends in what the coarse one expects and carries the limits of both. Where the step that is asked for
// is coarse enough there is only one. Value type, owned by the service's machine; one thread; pure. Fits are
// asked for one scale at a time and told apart by their step.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/time.h"
#include "forecast/coarse_scale.h"
#include "forecast/fit.h"
#include "forecast/forecaster.h"
#include "forecast/options.h"
#include "model/forecast.h"
#include "model/learnt.h"

namespace shadowd::forecast {

class DemandForecaster {
 public:
  DemandForecaster(const model::ServiceId& service, const Options& options);

  // As Forecaster's.
  void Import(std::span<const std::pair<WallTime, double>> demand_rps);
  void Observe(WallTime at, double rps);
  bool WantsFit() const;
  void AskForFit();  // of both scales
  // Of the scale that needs it more.
  std::shared_ptr<const FitInput> CopyForFit() const;
  void Adopt(const Fit& fit);
  // Models as they learn on, finest first; empty until fitted. And back: fits of what is named are asked for.
  std::vector<model::FittedForecast> Kept() const;
  void Revert(const std::vector<model::FittedForecast>& kept);
  // `within`: of the peak.
  model::Forecast Predict(Micros within = Micros(0)) const;
  // Changes of behaviour noticed so far, at either scale.
  int changes() const { return fine_.changes() + (coarse_ ? coarse_->forecaster().changes() : 0); }
  double NaiveError() const { return fine_.NaiveError(); }
  double PeakUpper(Micros from, Micros to) const { return fine_.PeakUpper(from, to); }
  double PeakExpected(Micros from, Micros to) const { return fine_.PeakExpected(from, to); }
  double RiseWithin(Micros within) const { return fine_.RiseWithin(within); }
  size_t observations() const { return fine_.observations(); }

 private:
  DemandForecaster(const model::ServiceId& service, const Scales& scales);

  Micros step_;
  int horizon_;
  Forecaster fine_;
  std::optional<CoarseScale> coarse_;
};

}  // namespace shadowd::forecast
