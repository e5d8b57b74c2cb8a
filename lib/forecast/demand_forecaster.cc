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

std::vector<model::FittedForecast> DemandForecaster::Kept() const {
  std::vector<model::FittedForecast> kept;
  if (fine_.fitted()) {
    kept.push_back(fine_.Kept());
  }
  if (coarse_ && coarse_->forecaster().fitted()) {
    kept.push_back(coarse_->forecaster().Kept());
  }
  return kept;
}

void DemandForecaster::Revert(const std::vector<model::FittedForecast>& kept) {
  for (const model::FittedForecast& forecast : kept) {
    if (forecast.step == step_) {
      fine_.Revert(forecast);
    } else if (coarse_ && forecast.step == coarse_->step()) {
      coarse_->Revert(forecast);
    }
  }
}

model::Forecast DemandForecaster::Predict(Micros within) const {
  model::Forecast forecast = fine_.Predict();
  forecast.widening = fine_.Widening();
  forecast.scales.push_back(fine_.Scale());
  if (coarse_) {
    forecast.scales.push_back(coarse_->forecaster().Scale());
  }
  if (within > Micros(0) && !forecast.steps.empty()) {
    forecast.peak = {.within = within,
                     .expected_rps = fine_.PeakExpected(Micros(0), within),
                     .upper_rps = fine_.PeakUpper(Micros(0), within)};
  }
  return forecast;
}

bool DemandForecaster::WantsFit() const {
  return fine_.WantsFit() || (coarse_ && coarse_->forecaster().WantsFit());
}

std::shared_ptr<const FitInput> DemandForecaster::CopyForFit() const {
  const bool coarse = coarse_ && coarse_->forecaster().WantsFit() && !fine_.WantsFit();
  return coarse ? coarse_->forecaster().CopyForFit() : fine_.CopyForFit();
}

void DemandForecaster::Adopt(const Fit& fit) {
  if (fit.step == step_) {
    fine_.Adopt(fit);
  } else if (coarse_) {
    coarse_->Adopt(fit);
  }
}

}  // namespace shadowd::forecast
