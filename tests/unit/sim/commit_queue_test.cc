#include "sim/commit_queue.h"

#include <catch2/catch.hpp>

using namespace shadowd;
using namespace shadowd::sim;

namespace {

ports::Outcome OutcomeOf(int number, bool durable = true) {
  ports::Outcome outcome;
  if (durable) {
    outcome.mutations.push_back({model::ServiceId("web"), ports::SequenceSet{number}});
  }
  outcome.replies.push_back({static_cast<ports::ReplyToken>(number), ports::ReplyValue()});
  return outcome;
}

FaultRates Spells() {
  FaultRates rates;
  rates.spells_per_hour = 1;
  return rates;
}

MonoTime FirstFull(const Faults& faults) {
  for (MonoTime at{}; at < faults.over(); at += std::chrono::seconds(1)) {
    if (faults.DiskFull(at)) {
      return at;
    }
  }
  return MonoTime::max();
}

}  // namespace

TEST_CASE("outcomes become durable after a while and in order, also one that writes nothing") {
  Faults faults({.spells_per_hour = 0}, std::chrono::hours(1), 1);
  CommitQueue queue(10);
  const MonoTime now{};
  queue.Push(OutcomeOf(1), now, faults);
  queue.Push(OutcomeOf(2, false), now, faults);
  CHECK_FALSE(queue.Pop(now, faults));  // the disk has not answered
  REQUIRE(queue.Next());
  const MonoTime later = *queue.Next() + std::chrono::seconds(1);
  CHECK(queue.Pop(later, faults)->replies[0].token == 1);
  CHECK(queue.Pop(later, faults)->replies[0].token == 2);
  CHECK_FALSE(queue.Pop(later, faults));
  CHECK_FALSE(queue.Next());
}

TEST_CASE("a full disk is tried again each second and holds all behind it back") {
  Faults faults(Spells(), std::chrono::hours(24), 3);
  const MonoTime full = FirstFull(faults);
  REQUIRE(full < faults.over());
  CommitQueue queue(2);
  queue.Push(OutcomeOf(1), full - std::chrono::seconds(1), faults);
  queue.Push(OutcomeOf(2, false), full - std::chrono::seconds(1), faults);
  CHECK(queue.overloaded());
  const MonoTime asked = std::max(full, *queue.Next());
  REQUIRE(faults.DiskFull(asked));
  CHECK_FALSE(queue.Pop(asked, faults));
  CHECK(queue.refusals() == 1);
  CHECK(*queue.Next() == asked + std::chrono::seconds(1));
  CHECK(queue.last_trouble() == asked);
  CHECK(queue.Pop(faults.over(), faults)->replies[0].token == 1);
  CHECK(queue.Pop(faults.over(), faults)->replies[0].token == 2);
}

TEST_CASE("what was not durable dies with the daemon") {
  Faults faults({.spells_per_hour = 0}, std::chrono::hours(1), 1);
  CommitQueue queue(10);
  queue.Push(OutcomeOf(1), MonoTime(), faults);
  queue.Clear();
  CHECK(queue.size() == 0);
  CHECK_FALSE(queue.Pop(faults.over(), faults));
}
