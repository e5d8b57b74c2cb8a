// What the daemon's loop does between a step and its effects, in virtual time: outcomes wait for the disk and
// are handed on strictly in the order of the steps; one without mutations waits only for its turn. While the
// disk is full the first is tried again each second and all behind it wait. Owned by World; value type.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/time.h"
#include "ports/outcome.h"
#include "sim/faults.h"

namespace shadowd::sim {

class CommitQueue {
 public:
  explicit CommitQueue(size_t overloaded_at) : overloaded_at_(overloaded_at) {}

  void Push(ports::Outcome outcome, MonoTime now, Faults& faults);
  std::optional<MonoTime> Next() const;
  // The first outcome, when it is durable by now.
  std::optional<ports::Outcome> Pop(MonoTime now, const Faults& faults);
  void Clear() { waiting_.clear(); }  // the daemon died

  // Callers are refused and measurements dropped until there is room.
  bool overloaded() const { return waiting_.size() >= overloaded_at_; }
  size_t size() const { return waiting_.size(); }
  uint64_t refusals() const { return refusals_; }     // by the disk
  MonoTime last_trouble() const { return trouble_; }  // when something waited for longer than a second

 private:
  struct Waiting {
    ports::Outcome outcome;
    MonoTime durable;
    MonoTime since;
  };
  size_t overloaded_at_;
  std::deque<Waiting> waiting_;
  uint64_t refusals_ = 0;
  MonoTime trouble_ = MonoTime(-std::chrono::hours(24));
};

}  // namespace shadowd::sim
