// A service's demand at a coarser step than the one its forecast is made for. Days and weeks are few enough
// coarse steps to be kept and modelled, while the fine steps say what happens now. Value type; one thread;
// pure.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/time.h"
#include "forecast/fit.h"
#include "forecast/forecaster.h"
#include "forecast/options.h"
#include "model/ids.h"

namespace shadowd::forecast {

// What is asked of one service, shared out between the two scales.
struct Scales {
  Options fine;
  std::optional<Options> coarse;  // nothing where the fine step is coarse enough
};
Scales ScalesOf(Options wanted);

class CoarseScale {
 public:
  CoarseScale(const model::ServiceId& service, const Options& coarse, Micros fine_step);

  void Import(std::span<const std::pair<WallTime, double>> demand_rps);
  // One fine step's demand; a coarse step is done when a fine one of the next has come.
  void Observe(WallTime at, double rps);
  // Of `count` fine steps from `first` on, between the middles of coarse steps in a straight line. Empty
  // until a model is fitted.
  std::vector<double> Expected(WallTime first, int count) const;

  void AskForFit() { forecaster_.AskForFit(); }
  void Adopt(const Fit& fit);
  void Revert(model::FittedForecast kept) { forecaster_.Revert(std::move(kept)); }
  Micros step() const { return step_; }
  const Forecaster& forecaster() const { return forecaster_; }

 private:
  void Project();

  Forecaster forecaster_;
  Micros step_;
  Micros fine_step_;
  WallTime start_;  // of the coarse step that is being filled
  double sum_ = 0;
  int count_ = 0;
  std::vector<std::pair<WallTime, double>> middles_;  // of the newest coarse step and of those to come
};

}  // namespace shadowd::forecast
