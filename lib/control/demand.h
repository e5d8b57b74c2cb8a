// Demand of one service: production's windows become the steps of the forecast, the forecast is kept up, and
// each new step is held against the limit that was predicted for it. Owned by ServiceMachine; pure.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/time.h"
#include "control/reported_steps.h"
#include "forecast/demand_forecaster.h"
#include "forecast/limit_monitor.h"
#include "forecast/scoreboard.h"
#include "model/forecast.h"
#include "model/kpi.h"
#include "model/service.h"

namespace shadowd::control {

class DemandTracker {
 public:
  explicit DemandTracker(const model::ServiceSpec& spec);

  struct Step {
    WallTime at;
    double rps = 0;
    std::optional<forecast::LimitSignal> signal;
  };
  // How long a remedy takes from now on: what the peak of the next forecasts is about.
  void SetReach(Micros reach) { reach_ = reach; }
  // A window of production; returns the step it completed, if it did. Silence before the first request ever
  // is no demand of zero: nobody uses the service yet.
  std::optional<Step> AddWindow(const model::KpiWindow& service);
  // Demand as reported from outside; returns the steps it completed.
  std::vector<Step> AddSample(WallTime at, double rps);
  void Import(std::span<const std::pair<WallTime, double>> demand_rps);
  // The forecast of what is known by now, as after a fit or an import; false where it ends before `now`. What
  // was said before is what scores are about.
  bool Renew(WallTime now);

  forecast::DemandForecaster& forecaster() { return forecaster_; }
  const forecast::DemandForecaster& forecaster() const { return forecaster_; }
  const model::Forecast& forecast() const { return forecast_; }
  // Requests that came and are not answered yet, as far as the windows tell.
  double waiting() const { return waiting_; }
  double present_rps() const { return present_rps_; }  // smoothed over the last few seconds
  bool known() const { return present_known_; }
  WallTime newest() const { return newest_; }  // start of the newest step; the epoch: there is none
  // How much demand will grow within this time if it goes on as in the past one; not below zero, and no more
  // than what it is now.
  double GrowthOver(Micros span) const;
  // What the mean of a step hides: the demand of its largest window over it, on average, within bounds. One
  // where a step is one window.
  double PeakOverMean() const;

 private:
  Step Complete(WallTime start, double rps);
  void Publish(model::Forecast forecast);
  double GrownSince(Micros span) const;

  forecast::DemandForecaster forecaster_;
  forecast::LimitMonitor monitor_;
  forecast::Scoreboard scoreboard_;
  model::Forecast forecast_;  // made after the last step
  Micros resolution_;
  Micros reach_{0};
  ReportedSteps reported_;
  WallTime bucket_start_;
  Micros bucket_filled_{0};
  double bucket_requests_ = 0;
  double present_rps_ = 0;
  double waiting_ = 0;
  bool present_known_ = false;
  bool used_ = false;  // a request was seen
  WallTime newest_;
  int bucket_windows_ = 0;
  double bucket_peak_rps_ = 0;
  double peak_excess_ = -1;  // over the mean of a step, smoothed; < 0: a step is one window
  std::deque<std::pair<WallTime, double>> recent_;  // demand now, bounded
};

}  // namespace shadowd::control
