#include "sim/faults.h"

#include <catch2/catch.hpp>
#include <set>

using namespace shadowd;
using namespace shadowd::sim;

namespace {

constexpr Micros kDay = std::chrono::hours(24);

FaultRates Always() {
  FaultRates rates;
  rates.always = 1;
  rates.shaky = 1;
  return rates;
}

}  // namespace

TEST_CASE("a plan of faults is the seed's, in order, and over in time") {
  const Faults one(FaultRates(), kDay, 4), same(FaultRates(), kDay, 4), other(FaultRates(), kDay, 5);
  REQUIRE(one.blows().size() > 10);
  std::set<BlowKind> kinds;
  for (size_t i = 0; i < one.blows().size(); ++i) {
    const Blow& blow = one.blows()[i];
    CHECK((i == 0 || one.blows()[i - 1].at <= blow.at));
    CHECK(blow.at < one.over());
    CHECK(blow.at == same.blows()[i].at);
    CHECK(blow.size == same.blows()[i].size);
    CHECK((blow.kind != BlowKind::kCrash || blow.size >= Micros(0)));
    kinds.insert(blow.kind);
  }
  CHECK(kinds.size() >= 4);
  CHECK(one.blows().front().at != other.blows().front().at);
}

TEST_CASE("when the faults are over nothing goes wrong any more") {
  Faults faults(Always(), kDay, 1);
  const MonoTime after = faults.over();
  for (int i = 0; i < 1000; ++i) {
    CHECK(faults.Start(after) == StartFate::kUp);
    CHECK_FALSE(faults.Stop(after, Micros(0)).lost);
    CHECK_FALSE(faults.ChangeServer(after).fails);
    CHECK(faults.Deliver(after) == std::vector<Micros>{Micros(0)});
    CHECK_FALSE(faults.ToldAgain(after));
    CHECK_FALSE(faults.DiesAfterCommit(after));
    CHECK_FALSE(faults.DiskFull(after));
    CHECK(faults.CommitTakes(after) < std::chrono::milliseconds(10));
  }
}

TEST_CASE("an order to stop is never lost twice in a row, and ends within its grace and four seconds") {
  Faults faults(Always(), kDay, 2);
  bool lost_before = false;
  int lost = 0;
  for (int i = 0; i < 1000; ++i) {
    const StopFate fate = faults.Stop(MonoTime(std::chrono::hours(1)), std::chrono::seconds(5));
    CHECK_FALSE((lost_before && fate.lost));
    CHECK(fate.takes <= std::chrono::seconds(9));
    lost_before = fate.lost;
    lost += fate.lost ? 1 : 0;
  }
  CHECK(lost > 100);
}

TEST_CASE("windows are lost, late and told twice") {
  Faults faults(Always(), kDay, 3);
  std::set<size_t> copies;
  bool late = false;
  for (int i = 0; i < 300; ++i) {
    const std::vector<Micros> arrivals = faults.Deliver(MonoTime(std::chrono::minutes(1)));
    copies.insert(arrivals.size());
    late |= arrivals.size() == 1 && arrivals[0] > std::chrono::seconds(1);
  }
  CHECK(copies == std::set<size_t>{0, 1, 2});
  CHECK(late);
}
