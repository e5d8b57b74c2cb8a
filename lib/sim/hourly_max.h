// Predictive scaling in the manner of AWS: for each hour a forecast of its highest demand from the same hour
// of the last two weeks (of the last three days while the history is shorter than a week), turned into
// instances by the CPU that a request took over the last day, launched a buffer ahead. The forecast is a
// floor, never a reason to scale in; target tracking does the rest, as AWS advises to pair them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "sim/policy.h"
#include "sim/target_tracking.h"

namespace shadowd::sim {

struct HourlyMaxOptions {
  double target = 0.6;  // of the CPU request
  Micros buffer = std::chrono::minutes(5);
  TargetTrackingOptions tracking;
};

class HourlyMax : public Policy {
 public:
  explicit HourlyMax(const InstanceFacts& facts, HourlyMaxOptions options = {})
      : facts_(facts), options_(options), tracking_(facts, options.tracking) {}

  std::string name() const override { return "hourly-max"; }
  Micros interval() const override { return tracking_.interval(); }
  int Decide(const PolicyView& view) override;

 private:
  int FloorAt(const DemandLog& log, int64_t hour) const;

  InstanceFacts facts_;
  HourlyMaxOptions options_;
  TargetTracking tracking_;
  int64_t floor_hour_ = -1;  // since the epoch
  int floor_ = 0, next_floor_ = 0;
};

// The highest demand that is forecast for an hour; nothing without any history of it.
std::optional<double> ForecastHourlyMax(const DemandLog& log, int64_t hour);

}  // namespace shadowd::sim
