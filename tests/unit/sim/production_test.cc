#include "sim/production.h"

#include <catch2/catch.hpp>

using namespace shadowd;
using namespace shadowd::sim;

namespace {

const model::ServiceId kWeb("web");

MonoTime At(double seconds) {
  return MonoTime(FromSeconds(seconds));
}

ReplicaHost::Account Serving(int count) {
  ReplicaHost::Account account;
  for (int i = 1; i <= count; ++i) {
    account.turns.push_back({model::ReplicaId("web-i" + std::to_string(i)), "1", 1, true});
  }
  return account;
}

RequestProduction Of(double rps) {
  return RequestProduction([rps](double) { return rps; }, {{"1", PlantOptions()}}, Rng(3));
}

}  // namespace

TEST_CASE("requests are conserved and split evenly among those that serve") {
  RequestProduction production = Of(90);
  uint64_t offered = 0, completed = 0;
  std::map<model::ReplicaId, uint64_t> share;
  for (int second = 0; second < 100; ++second) {
    const auto window =
        production.Serve(kWeb, At(second), At(second + 1), WallTime(FromSeconds(second)), Serving(3));
    REQUIRE(window.instances.size() == 3);
    uint64_t sum = 0;
    for (const ports::ReplicaKpi& instance : window.instances) {
      sum += instance.window.offered;
      share[instance.replica] += instance.window.offered;
    }
    CHECK(window.service.offered == sum);
    offered += window.service.offered;
    completed += window.service.completed;
  }
  CHECK(static_cast<double>(offered) == Approx(9000).epsilon(0.04));
  CHECK(completed <= offered);
  CHECK(completed + 20 >= offered);
  for (const auto& [id, count] : share) {
    CHECK(static_cast<double>(count) == Approx(3000).epsilon(0.08));
  }
}

TEST_CASE("with nobody in the balancer every request fails") {
  RequestProduction production = Of(50);
  const auto window = production.Serve(kWeb, At(0), At(10), WallTime(), Serving(0));
  CHECK(window.instances.empty());
  CHECK(window.service.offered > 400);
  CHECK(window.service.errors == window.service.offered);
}
