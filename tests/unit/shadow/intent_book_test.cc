#include "shadow/intent_book.h"

#include <catch2/catch.hpp>

using namespace shadowd;
using namespace shadowd::shadow;

namespace {

const Now kNow{MonoTime(std::chrono::seconds(5)), WallTime(std::chrono::seconds(1000))};

std::vector<model::Intent> Intents(const ports::Outcome& outcome) {
  std::vector<model::Intent> intents;
  for (const ports::Mutation& mutation : outcome.mutations) {
    if (const auto* intent = std::get_if<model::Intent>(&mutation.change)) {
      intents.push_back(*intent);
    }
  }
  return intents;
}

}  // namespace

TEST_CASE("an intent is written as pending, then closed once") {
  IntentBook book(7);
  ports::Outcome outcome;
  ports::Outbox out(model::ServiceId("web"), outcome);
  const model::IntentKey key =
      book.Open(model::IntentKind::kStartReplica, model::ReplicaId("web-i1"), kNow, out);
  CHECK(key.str() == "web-i1/START_REPLICA/7");
  CHECK(book.pending() == 1);
  CHECK(book.Close(key, Unavailable("no"), kNow, out));
  CHECK_FALSE(book.Close(key, absl::OkStatus(), kNow, out));  // a repeated result changes nothing
  const auto intents = Intents(outcome);
  REQUIRE(intents.size() == 2);
  CHECK(intents[0].state == model::IntentState::kPending);
  CHECK(intents[1].state == model::IntentState::kFailed);
  CHECK(intents[1].error == "no");
}

TEST_CASE("numbers never repeat, and their successor is durable with the step") {
  IntentBook book(3);
  ports::Outcome outcome;
  ports::Outbox out(model::ServiceId("web"), outcome);
  CHECK(book.NextNumber(out) == 3);
  CHECK(book.NextNumber(out) == 4);
  CHECK(std::get<ports::SequenceSet>(outcome.mutations.back().change).next == 5);
}

TEST_CASE("after a restart what was pending is closed as failed") {
  IntentBook book(9);
  model::Intent pending;
  pending.key = model::IntentKey("web-i1/ADD_SERVER/8");
  ports::Outcome outcome;
  ports::Outbox out(model::ServiceId("web"), outcome);
  book.Restore({pending}, kNow, out);
  CHECK(book.pending() == 0);
  const auto intents = Intents(outcome);
  REQUIRE(intents.size() == 1);
  CHECK(intents[0].state == model::IntentState::kFailed);
}

TEST_CASE("the end of a replica closes what its provider never answered, and nothing of the balancer's") {
  IntentBook book;
  ports::Outcome outcome;
  ports::Outbox out(model::ServiceId("web"), outcome);
  const model::ReplicaId replica("web-i1");
  book.Open(model::IntentKind::kStartReplica, replica, kNow, out);
  book.Open(model::IntentKind::kStopReplica, replica, kNow, out);
  book.Open(model::IntentKind::kRemoveServer, replica, kNow, out);
  book.Open(model::IntentKind::kStartReplica, model::ReplicaId("web-i2"), kNow, out);
  book.CloseAllOf(replica, kNow, out);
  CHECK(book.pending() == 2);
  CHECK(Intents(outcome).back().state == model::IntentState::kFailed);
  CHECK(Intents(outcome).back().replica == replica);
}
