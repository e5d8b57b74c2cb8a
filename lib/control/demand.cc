#include "control/demand.h"

namespace shadowd::control {
namespace {

constexpr double kPresentSmoothing = 0.4;  // weight of the newest window in "demand now"

WallTime FloorTo(WallTime at, Micros step) {
  return WallTime(at.time_since_epoch() / step * step);
}

}  // namespace

DemandTracker::DemandTracker(const model::ServiceId& service, const model::ForecastSpec& forecast,
                             const model::TriggerSpec& triggers)
    : forecaster_(service, {.step = forecast.resolution,
                            .seasons = forecast.seasons,
                            .horizon_steps = forecast.horizon_steps,
                            .coverage = forecast.coverage}),
      monitor_(triggers.proximity, triggers.proximity_m, triggers.proximity_n),
      resolution_(forecast.resolution) {}

std::optional<DemandTracker::Step> DemandTracker::AddWindow(const model::KpiWindow& service) {
  used_ = used_ || service.offered > 0;
  if (service.length <= Micros(0) || !used_) {
    return std::nullopt;
  }
  const double rps = static_cast<double>(service.offered) / ToSeconds(service.length);
  present_rps_ = present_known_ ? (1 - kPresentSmoothing) * present_rps_ + kPresentSmoothing * rps : rps;
  present_known_ = true;
  // A window belongs to the step in which its middle lies; a step ends when a window of a later one comes.
  const WallTime start = FloorTo(service.start + service.length / 2, resolution_);
  std::optional<Step> done;
  if (bucket_filled_ > Micros(0) && start != bucket_start_) {
    done = AddSample(bucket_start_, bucket_requests_ / ToSeconds(bucket_filled_));
    bucket_filled_ = Micros(0);
    bucket_requests_ = 0;
  }
  bucket_start_ = start;
  bucket_filled_ += service.length;
  bucket_requests_ += static_cast<double>(service.offered);
  return done;
}

DemandTracker::Step DemandTracker::AddSample(WallTime at, double rps) {
  Step step{at, rps, std::nullopt};
  if (!present_known_) {
    present_rps_ = rps;
    present_known_ = true;
  }
  for (const model::ForecastStep& predicted : forecast_.steps) {
    if (predicted.at == at && forecast_.state == model::ForecastState::kReady) {
      step.signal = monitor_.Observe(rps, predicted);
      break;
    }
  }
  forecaster_.Observe(at, rps);
  forecast_ = forecaster_.Predict();
  return step;
}

}  // namespace shadowd::control
