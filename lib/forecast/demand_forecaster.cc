#include "forecast/demand_forecaster.h"

namespace shadowd::forecast {

DemandForecaster::DemandForecaster(const model::ServiceId& service, const Options& options)
    : DemandForecaster(service, ScalesOf(options)) {}

DemandForecaster::DemandForecaster(const model::ServiceId& service, const Scales& scales)
    : step_(scales.fine.step), horizon_(scales.fine.horizon_steps), fine_(service, scales.fine) {
  if (scales.coarse) {
    coarse_.emplace(service, *scales.coarse, scales.fine.step);
  }
}

void DemandForecaster::Import(std::span<const std::pair<WallTime, double>> demand_rps) {
  fine_.Import(demand_rps);
  if (coarse_) {
    coarse_->Import(demand_rps);
  }
}

void DemandForecaster::Observe(WallTime at, double rps) {
  if (!coarse_) {
    fine_.Observe(at, rps);
    return;
  }
  coarse_->Observe(at, rps);
  const WallTime start = WallTime(at.time_since_epoch() / step_ * step_);
  fine_.Observe(at, rps, coarse_->Expected(start + step_, horizon_));
}

void DemandForecaster::AskForFit() {
  fine_.AskForFit();
  if (coarse_) {
    coarse_->AskForFit();
  }
}

bool DemandForecaster::WantsFit() const {
  return fine_.WantsFit() || (coarse_ && coarse_->WantsFit());
}

std::shared_ptr<const FitInput> DemandForecaster::CopyForFit() const {
  const bool coarse = coarse_ && coarse_->WantsFit() && !fine_.WantsFit();
  return coarse ? coarse_->CopyForFit() : fine_.CopyForFit();
}

void DemandForecaster::Adopt(const Fit& fit) {
  if (fit.step == step_) {
    fine_.Adopt(fit);
  } else if (coarse_) {
    coarse_->Adopt(fit);
  }
}

}  // namespace shadowd::forecast
