#include "control/measured_levels.h"

#include <catch2/catch.hpp>

using namespace shadowd;
using namespace shadowd::control;

namespace {

model::Arm Measured(double load_rps, model::SloAxis slo) {
  model::Arm arm;
  arm.role = model::ArmRole::kCandidate;
  arm.load_rps = load_rps;
  arm.verdict.slo = slo;
  return arm;
}

constexpr Micros kFresh = std::chrono::minutes(30);

}  // namespace

TEST_CASE("what holds at a load holds below it, what fails fails above it, between nothing is known") {
  MeasuredLevels levels;
  const WallTime at(std::chrono::hours(1));
  levels.Remember("1",
                  {Measured(108, model::SloAxis::kHolds), Measured(180, model::SloAxis::kFails),
                   Measured(140, model::SloAxis::kUnknown)},
                  at);
  CHECK(levels.Find("1", 60, at, kFresh)->slo == model::SloAxis::kHolds);
  CHECK(levels.Find("1", 108, at, kFresh)->slo == model::SloAxis::kHolds);
  CHECK(levels.Find("1", 200, at, kFresh)->slo == model::SloAxis::kFails);
  CHECK_FALSE(levels.Find("1", 140, at, kFresh));
}

TEST_CASE("another version, or an old measurement, answers nothing") {
  MeasuredLevels levels;
  const WallTime at(std::chrono::hours(1));
  levels.Remember("1", {Measured(108, model::SloAxis::kHolds)}, at);
  CHECK_FALSE(levels.Find("2", 50, at, kFresh));
  CHECK_FALSE(levels.Find("1", 50, at + std::chrono::minutes(31), kFresh));
}

TEST_CASE("the newest measurement speaks first") {
  MeasuredLevels levels;
  const WallTime at(std::chrono::hours(1));
  levels.Remember("1", {Measured(108, model::SloAxis::kHolds)}, at);
  levels.Remember("1", {Measured(100, model::SloAxis::kFails)}, at + std::chrono::minutes(1));
  CHECK(levels.Find("1", 104, at + std::chrono::minutes(2), kFresh)->slo == model::SloAxis::kFails);
}

TEST_CASE("a restart keeps them, a clock set back makes none fresh") {
  MeasuredLevels levels;
  const WallTime at(std::chrono::hours(1));
  levels.Remember("1", {Measured(108, model::SloAxis::kHolds)}, at);
  MeasuredLevels restored;
  restored.Restore(levels.levels());
  CHECK(restored.Find("1", 100, at + std::chrono::minutes(1), kFresh)->slo == model::SloAxis::kHolds);
  CHECK_FALSE(restored.Find("1", 100, at - std::chrono::minutes(1), kFresh));
}

TEST_CASE("their number is bounded") {
  MeasuredLevels levels;
  for (int i = 0; i < 200; ++i) {
    levels.Remember("1", {Measured(100 + i, model::SloAxis::kHolds)}, WallTime(std::chrono::minutes(i)));
  }
  CHECK(levels.levels().size() == 64);
}
