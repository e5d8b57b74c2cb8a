// When one shadow gets its requests. The target is the rate of all of them: copies of real requests go out as
// they come, synthetic ones fill up to the target. Every 200 ms the synthetic rate is planned anew as target
// minus the measured rate of copies, corrected for what the last plan missed, so that the sum keeps to the
// target whatever the share of copies does. Rates may change at any time; the gap that was drawn is kept in
// operational time, so a change neither loses nor doubles an arrival.
//
// With a balancer that picks at random both streams are Poisson, and so is their sum. Behind round robin over
// n instances the sum has to be Erlang-n, which two added streams are not: then the schedule plans slots at
// the target rate, and a copy that waits takes the next slot in place of a synthetic request (`slots()`).
// Least-connections is planned as random: the capacity curve carries the ratio between the two.
//
// One per shadow; one thread; time and seed are arguments.
#pragma once

#include <optional>

#include "base/time.h"
#include "load/arrivals.h"
#include "model/service.h"

namespace shadowd::load {

class Schedule {
 public:
  struct Options {
    model::Balancing balancing = model::Balancing::kRandom;
    int instances = 1;             // that production's balancer spreads over
    bool synthetic = true;         // false: copies alone, whatever the target
    double mirrored_expected = 0;  // copies per second that the first plan reckons with
    uint64_t seed = 0;
  };

  Schedule(const Options& options, MonoTime start);

  void SetTarget(double rate_rps, MonoTime now);
  // A copy was given to this shadow. In a slot schedule it must wait for Next().
  void OnMirrored() { ++mirrored_in_cell_; }
  // The next slot or synthetic request; nothing when the rate is 0. Never earlier than the last one.
  std::optional<MonoTime> Next(MonoTime now);
  // The one that Next() named was sent.
  void Pop();

  bool slots() const { return slots_; }
  double synthetic_rate() const { return rate_; }
  double mirrored_rate() const { return mirrored_rate_; }

 private:
  double Seconds(MonoTime at) const { return ToSeconds(at - start_); }
  double Due() const { return at_ + gap_left_ / rate_; }
  void Replan(double now);
  void SetRate(double rate, double now);

  Options options_;
  bool slots_;
  Arrivals arrivals_;
  MonoTime start_;
  double target_ = 0;
  double rate_ = 0;        // of slots or synthetic requests, now
  double gap_left_;        // operational time from at_ to the next
  double at_ = 0;          // seconds since start_
  double cell_start_ = 0;  // of the plan in force
  uint64_t mirrored_in_cell_ = 0;
  double mirrored_rate_;  // the estimate
  double excess_ = 0;     // requests beyond the target so far, to be taken back
};

}  // namespace shadowd::load
