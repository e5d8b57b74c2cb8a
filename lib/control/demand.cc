#include "control/demand.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cost/coverage.h"

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

// A forecast whose limits held far less often than they should is not to be relied on: this much less, beyond
// what chance does to so many outcomes.
constexpr double kShortfall = 0.05;
constexpr int kOutcomesMin = 50;
constexpr double kOutcomesMost = 500;  // the scoreboard forgets
constexpr double kDeviations = 3;

std::optional<std::string> WhyNotTrusted(const model::Forecast& forecast) {
  if (forecast.blocks.empty() || forecast.blocks[0].samples < kOutcomesMin) {
    return std::nullopt;
  }
  const model::ForecastBlock& next = forecast.blocks[0];
  const double deviation =
      std::sqrt(next.coverage * (1 - next.coverage) / std::min<double>(next.samples, kOutcomesMost));
  if (next.coverage + kDeviations * deviation >= forecast.coverage_target - kShortfall) {
    return std::nullopt;
  }
  return fmt::format("only {:.0f} % of demand fell within its limits of late, {:.0f} % are wanted",
                     100 * next.coverage, 100 * forecast.coverage_target);
}

WallTime FloorTo(WallTime at, Micros step) {
  return WallTime(at.time_since_epoch() / step * step);
}

}  // namespace

DemandTracker::DemandTracker(const model::ServiceSpec& spec)
    : forecaster_(spec.id, {.step = spec.forecast.resolution,
                            .seasons = spec.forecast.seasons,
                            .horizon_steps = spec.forecast.horizon_steps,
                            .coverage = cost::CoverageOf(spec)}),
      monitor_(spec.triggers.proximity, spec.triggers.proximity_m, spec.triggers.proximity_n),
      scoreboard_(spec.forecast.horizon_steps, cost::CoverageOf(spec)),
      resolution_(spec.forecast.resolution),
      reported_(spec.forecast.resolution) {}

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

void DemandTracker::Import(std::span<const std::pair<WallTime, double>> demand_rps) {
  forecaster_.Import(demand_rps);
  if (!demand_rps.empty()) {
    newest_ = std::max(newest_, demand_rps.back().first);
  }
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
  newest_ = std::max(newest_, start);
  for (const model::ForecastStep& predicted : forecast_.steps) {
    if (predicted.at == start && forecast_.state == model::ForecastState::kReady) {
      step.signal = monitor_.Observe(rps, predicted);
      break;
    }
  }
  const int changes = forecaster_.changes();
  forecaster_.Observe(start, rps);
  if (forecaster_.changes() > changes) {
    step.signal = forecast::LimitSignal{
        .kind = model::TriggerKind::kDrift,
        .upper = !forecast_.steps.empty() && rps >= forecast_.steps.front().expected_rps,
        .evidence = fmt::format("demand no longer behaves as the models say: {:.0f} req/s{}", rps,
                                step.signal ? "; " + step.signal->evidence : std::string())};
  }
  scoreboard_.Observe(start, resolution_, rps);
  model::Forecast forecast = forecaster_.Predict(reach_);
  if (forecast.model_version > 0) {
    scoreboard_.Remember(forecast);
  }
  Publish(std::move(forecast));
  return step;
}

bool DemandTracker::Renew(WallTime now) {
  model::Forecast forecast = forecaster_.Predict(reach_);
  if (forecast.steps.empty() || forecast.steps.back().at <= now) {
    return false;
  }
  Publish(std::move(forecast));
  return true;
}

void DemandTracker::Publish(model::Forecast forecast) {
  forecast_ = std::move(forecast);
  scoreboard_.Publish(forecaster_.NaiveError(), forecast_);
  if (forecast_.state == model::ForecastState::kReady) {
    if (const std::optional<std::string> why = WhyNotTrusted(forecast_)) {
      forecast_.state = model::ForecastState::kDegraded;
      forecast_.degraded_reason = *why;
    }
  }
}

}  // namespace shadowd::control
