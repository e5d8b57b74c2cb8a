#include "sim/commit_queue.h"

#include <algorithm>
#include <utility>

namespace shadowd::sim {
namespace {

constexpr Micros kTryAgain = std::chrono::seconds(1);
constexpr Micros kTrouble = std::chrono::seconds(1);

}  // namespace

void CommitQueue::Push(ports::Outcome outcome, MonoTime now, Faults& faults) {
  MonoTime durable = outcome.mutations.empty() ? now : now + faults.CommitTakes(now);
  if (!waiting_.empty()) {
    durable = std::max(durable, waiting_.back().durable);
  }
  waiting_.push_back({std::move(outcome), durable, now});
}

std::optional<MonoTime> CommitQueue::Next() const {
  return waiting_.empty() ? std::nullopt : std::optional<MonoTime>(waiting_.front().durable);
}

std::optional<ports::Outcome> CommitQueue::Pop(MonoTime now, const Faults& faults) {
  if (waiting_.empty() || waiting_.front().durable > now) {
    return std::nullopt;
  }
  Waiting& first = waiting_.front();
  if (!first.outcome.mutations.empty() && faults.DiskFull(now)) {
    ++refusals_;
    trouble_ = now;
    first.durable = now + kTryAgain;
    return std::nullopt;
  }
  if (now - first.since > kTrouble) {
    trouble_ = now;
  }
  ports::Outcome outcome = std::move(first.outcome);
  waiting_.pop_front();
  return outcome;
}

}  // namespace shadowd::sim
