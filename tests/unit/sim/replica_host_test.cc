#include "sim/replica_host.h"

#include <catch2/catch.hpp>

using namespace shadowd;
using namespace shadowd::sim;

namespace {

const model::ServiceId kWeb("web");
const model::ReplicaId kOne("web-i1"), kTwo("web-i2");

MonoTime At(double seconds) {
  return MonoTime(FromSeconds(seconds));
}

Replica InstanceFrom(double seconds) {
  Replica replica;
  replica.service = kWeb;
  replica.version = std::string("1");
  replica.started = At(seconds);
  return replica;
}

}  // namespace

TEST_CASE("a window's account says for how much of it each instance served and was paid for") {
  ReplicaHost host;
  host.Start(kOne, InstanceFrom(0));
  CHECK(host.Join(kOne, At(0)));
  host.Start(kTwo, InstanceFrom(5));
  CHECK(host.Join(kTwo, At(7.5)));
  const ReplicaHost::Account first = host.CloseWindow(kWeb, At(0), At(10));
  REQUIRE(first.turns.size() == 2);
  CHECK(first.turns[0].share == Approx(1));
  CHECK(first.turns[1].share == Approx(0.25));
  CHECK(first.turns[1].still);
  CHECK(first.paid == Approx(1.5));

  host.Leave(kTwo, At(12));
  host.Stop(kTwo, At(14));
  const ReplicaHost::Account second = host.CloseWindow(kWeb, At(10), At(20));
  REQUIRE(second.turns.size() == 2);
  CHECK(second.turns[1].share == Approx(0.2));
  CHECK_FALSE(second.turns[1].still);
  CHECK(second.paid == Approx(1.4));
  CHECK(host.CloseWindow(kWeb, At(20), At(30)).turns.size() == 1);
}

TEST_CASE("who is not there cannot join, and leaving twice counts once") {
  ReplicaHost host;
  CHECK_FALSE(host.Join(kOne, At(0)));
  host.Start(kOne, InstanceFrom(0));
  host.Join(kOne, At(0));
  host.Leave(kOne, At(4));
  host.Leave(kOne, At(8));
  const ReplicaHost::Account account = host.CloseWindow(kWeb, At(0), At(10));
  REQUIRE(account.turns.size() == 1);
  CHECK(account.turns[0].share == Approx(0.4));
  CHECK(host.Count(model::Role::kInstance) == 1);
  CHECK(host.Count(model::Role::kShadow) == 0);
  CHECK(host.Instances(kWeb) == std::vector<model::ReplicaId>{kOne});
}
