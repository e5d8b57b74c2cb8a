#include "forecast/limit_monitor.h"

#include <catch2/catch.hpp>

namespace shadowd::forecast {
namespace {

const model::ForecastStep kStep{WallTime(), 100, 80, 120};

}  // namespace

TEST_CASE("an observation beyond a limit is one breach until demand is back inside") {
  LimitMonitor monitor(0.8, 3, 5);
  const auto breach = monitor.Observe(125, kStep);
  REQUIRE(breach);
  CHECK(breach->kind == model::TriggerKind::kBreach);
  CHECK(breach->upper);
  CHECK(breach->evidence == "demand 125.0 rps left the upper limit 120.0 (expected 100.0)");
  CHECK_FALSE(monitor.Observe(126, kStep));
  CHECK_FALSE(monitor.Observe(100, kStep));
  CHECK(monitor.Observe(125, kStep));
}

TEST_CASE("m of n observations close to a limit are a proximity signal") {
  LimitMonitor monitor(0.8, 3, 5);
  CHECK_FALSE(monitor.Observe(83, kStep));
  CHECK_FALSE(monitor.Observe(100, kStep));
  CHECK_FALSE(monitor.Observe(83, kStep));
  const auto near = monitor.Observe(82, kStep);
  REQUIRE(near);
  CHECK(near->kind == model::TriggerKind::kProximity);
  CHECK_FALSE(near->upper);
  CHECK_FALSE(monitor.Observe(82, kStep));
}

TEST_CASE("a breach after a proximity signal still speaks") {
  LimitMonitor monitor(0.8, 1, 1);
  CHECK(monitor.Observe(117, kStep)->kind == model::TriggerKind::kProximity);
  CHECK(monitor.Observe(121, kStep)->kind == model::TriggerKind::kBreach);
}

}  // namespace shadowd::forecast
