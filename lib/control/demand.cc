#include "control/demand.h"

#include <algorithm>
#include <cmath>

namespace shadowd::control {
namespace {

constexpr double kForgottenPerSecond = 0.4;  // of what "demand now" remembers

// Of what waits, per second: windows are lost and counted at two places, and errors would add up.
constexpr double kWaitingForgotten = 0.02;

constexpr Micros kRecent = std::chrono::minutes(10);
constexpr size_t kRecentMax = 1200;
constexpr double kGrowthMax = 1;      // of the demand now
constexpr int kSteepPart = 3;         // the newest part of a span tells of a rise that has just begun
constexpr double kLongerMost = 1.5;   // times what was seen, where windows do not fill the span
constexpr double kSteepness = 0.8;    // and is believed to go on that steeply
constexpr double kPeakWeight = 0.05;  // of the newest step
constexpr double kPeakLeast = 0.06;   // latency turns steep where capacity ends: never plan without
constexpr double kPeakMost = 0.12;

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
      resolution_(forecast.resolution),
      reported_(forecast.resolution) {}

std::optional<DemandTracker::Step> DemandTracker::AddWindow(const model::KpiWindow& service) {
  used_ = used_ || service.offered > 0;
  if (service.length <= Micros(0) || !used_) {
    return std::nullopt;
  }
  const double rps = static_cast<double>(service.offered) / ToSeconds(service.length);
  const double remembered = std::pow(1 - kForgottenPerSecond, ToSeconds(service.length));
  present_rps_ = present_known_ ? remembered * present_rps_ + (1 - remembered) * rps : rps;
  present_known_ = true;
  const double unanswered = static_cast<double>(service.offered) - static_cast<double>(service.completed);
  waiting_ =
      std::max(0.0, waiting_ * std::pow(1 - kWaitingForgotten, ToSeconds(service.length)) + unanswered);
  const WallTime end = service.start + service.length;
  recent_.emplace_back(end, present_rps_);
  while (recent_.size() > kRecentMax || recent_.front().first < end - kRecent) {
    recent_.pop_front();
  }
  // A window belongs to the step in which its middle lies; a step ends when a window of a later one comes.
  const WallTime start = FloorTo(service.start + service.length / 2, resolution_);
  std::optional<Step> done;
  if (bucket_filled_ > Micros(0) && start != bucket_start_) {
    const double mean = bucket_requests_ / ToSeconds(bucket_filled_);
    if (bucket_windows_ > 1 && mean > 0) {
      const double excess = bucket_peak_rps_ / mean - 1;
      peak_excess_ = peak_excess_ < 0 ? excess : peak_excess_ + kPeakWeight * (excess - peak_excess_);
    }
    done = Complete(bucket_start_, mean);
    bucket_filled_ = Micros(0);
    bucket_requests_ = 0;
    bucket_windows_ = 0;
    bucket_peak_rps_ = 0;
  }
  bucket_start_ = start;
  bucket_filled_ += service.length;
  bucket_requests_ += static_cast<double>(service.offered);
  ++bucket_windows_;
  bucket_peak_rps_ = std::max(bucket_peak_rps_, rps);
  return done;
}

double DemandTracker::GrownSince(Micros span) const {
  const WallTime from = recent_.back().first - span;
  const auto before =
      std::find_if(recent_.begin(), recent_.end(), [from](const auto& item) { return item.first >= from; });
  const Micros passed = recent_.back().first - before->first;
  const double longer = passed > Micros(0) ? ToSeconds(span) / ToSeconds(passed) : 1;
  return (present_rps_ - before->second) * std::min(longer, kLongerMost);
}

double DemandTracker::GrowthOver(Micros span) const {
  if (recent_.empty()) {
    return 0;
  }
  const double newest = kSteepness * static_cast<double>(kSteepPart) * GrownSince(span / kSteepPart);
  return std::clamp(std::max(GrownSince(span), newest), 0.0, kGrowthMax * present_rps_);
}

double DemandTracker::PeakOverMean() const {
  return peak_excess_ < 0 ? 1 : 1 + std::clamp(peak_excess_, kPeakLeast, kPeakMost);
}

std::vector<DemandTracker::Step> DemandTracker::AddSample(WallTime at, double rps) {
  if (!used_) {  // windows of production tell it better
    present_rps_ = rps;
    present_known_ = true;
  }
  std::vector<Step> steps;
  for (const auto& [start, mean] : reported_.Add(at, rps)) {
    steps.push_back(Complete(start, mean));
  }
  return steps;
}

DemandTracker::Step DemandTracker::Complete(WallTime start, double rps) {
  Step step{start, rps, std::nullopt};
  for (const model::ForecastStep& predicted : forecast_.steps) {
    if (predicted.at == start && forecast_.state == model::ForecastState::kReady) {
      step.signal = monitor_.Observe(rps, predicted);
      break;
    }
  }
  forecaster_.Observe(start, rps);
  forecast_ = forecaster_.Predict();
  return step;
}

}  // namespace shadowd::control
