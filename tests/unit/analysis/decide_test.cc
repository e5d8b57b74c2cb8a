#include "analysis/decide.h"

#include <catch2/catch.hpp>

namespace shadowd::analysis {
namespace {

using model::Cause;
using model::DecisionKind;
using model::ModelAxis;
using model::SloAxis;

model::Arm MakeArm(int level, SloAxis slo, ModelAxis axis = ModelAxis::kAccurate) {
  model::Arm arm;
  arm.level = level;
  arm.load_rps = 540.0 / level;
  arm.verdict.slo = slo;
  arm.verdict.model = axis;
  arm.verdict.reason = "measured";
  return arm;
}

DecideInput Input(int current, int planned, std::vector<model::Arm> arms) {
  DecideInput input;
  input.trigger.current = current;
  input.trigger.planned = planned;
  input.trigger.planned_rps = 540;
  input.arms = std::move(arms);
  input.bounds.min = 1;
  input.bounds.max = 8;
  return input;
}

constexpr SloAxis kHolds = SloAxis::kHolds, kFails = SloAxis::kFails, kUnknown = SloAxis::kUnknown;

TEST_CASE("A planned level that holds, with the one below failing, is confirmed") {
  const Finding finding = Decide(Input(2, 4, {MakeArm(3, kFails), MakeArm(4, kHolds), MakeArm(5, kHolds)}));
  CHECK(finding.kind == DecisionKind::kConfirmed);
  CHECK(finding.to == 4);
  CHECK(finding.cause == Cause::kNone);
  CHECK(finding.reason.find("135 req/s") != std::string::npos);
}

TEST_CASE("A planned level that holds although the model was off is confirmed and says so") {
  const Finding finding = Decide(Input(2, 4, {MakeArm(3, kFails), MakeArm(4, kHolds, ModelAxis::kOff)}));
  CHECK(finding.kind == DecisionKind::kConfirmed);
  CHECK(finding.cause == Cause::kModelInaccurate);
}

TEST_CASE("A smaller level that holds too adjusts the plan down") {
  const Finding finding = Decide(Input(2, 5, {MakeArm(4, kHolds), MakeArm(5, kHolds), MakeArm(6, kUnknown)}));
  CHECK(finding.kind == DecisionKind::kAdjusted);
  CHECK(finding.to == 4);
  CHECK(finding.cause == Cause::kExcessive);
}

TEST_CASE("A planned level that fails is adjusted to the smallest that holds") {
  const ModelAxis axis = GENERATE(ModelAxis::kAccurate, ModelAxis::kOff);
  const Finding finding =
      Decide(Input(2, 4, {MakeArm(4, kFails, axis), MakeArm(5, kHolds), MakeArm(6, kHolds)}));
  CHECK(finding.kind == DecisionKind::kAdjusted);
  CHECK(finding.to == 5);
  CHECK(finding.cause == (axis == ModelAxis::kOff ? Cause::kModelInaccurate : Cause::kInsufficient));
}

TEST_CASE("Where every tested level fails another round goes beyond them, once") {
  DecideInput input = Input(2, 4, {MakeArm(4, kFails), MakeArm(5, kFails)});
  Finding finding = Decide(input);
  CHECK(finding.kind == DecisionKind::kAdjusted);
  CHECK(finding.another_round_level == 6);
  SECTION("not in the second round") {
    input.round = 2;
  }
  SECTION("not after the deadline") {
    input.deadline_passed = true;
  }
  SECTION("not beyond the largest level allowed") {
    input.bounds.max = 5;
  }
  if (input.round == 1 && !input.deadline_passed && input.bounds.max == 8) {
    return;
  }
  finding = Decide(input);
  CHECK_FALSE(finding.another_round_level);
  CHECK(finding.to == std::min(6, input.bounds.max));
}

TEST_CASE("A scale-in that would not hold is rejected") {
  const Finding finding = Decide(Input(4, 3, {MakeArm(2, kFails), MakeArm(3, kFails)}));
  CHECK(finding.kind == DecisionKind::kRejected);
  CHECK(finding.to == 4);
}

TEST_CASE("A scale-in goes to a level between where only that holds") {
  const Finding finding = Decide(Input(5, 3, {MakeArm(3, kFails), MakeArm(4, kHolds)}));
  CHECK(finding.kind == DecisionKind::kAdjusted);
  CHECK(finding.to == 4);
}

TEST_CASE("A scale-in becomes a scale-out where not even today's level holds") {
  const Finding finding = Decide(Input(4, 3, {MakeArm(3, kFails), MakeArm(4, kFails)}));
  CHECK(finding.kind == DecisionKind::kAdjusted);
  CHECK(finding.to == 5);
}

TEST_CASE("What was not shown stays inconclusive at the conservative level") {
  const Finding out = Decide(Input(2, 4, {MakeArm(4, kUnknown), MakeArm(5, kUnknown)}));
  CHECK(out.kind == DecisionKind::kInconclusive);
  CHECK(out.to == 4);
  const Finding in = Decide(Input(4, 3, {MakeArm(2, kUnknown), MakeArm(3, kUnknown)}));
  CHECK(in.kind == DecisionKind::kInconclusive);
  CHECK(in.to == 4);
  const Finding shown = Decide(Input(2, 4, {MakeArm(4, kUnknown), MakeArm(5, kHolds)}));
  CHECK(shown.kind == DecisionKind::kInconclusive);
  CHECK(shown.to == 5);
}

TEST_CASE("Arms that contradict each other are inconclusive") {
  const Finding finding = Decide(Input(2, 4, {MakeArm(4, kHolds), MakeArm(5, kFails)}));
  CHECK(finding.kind == DecisionKind::kInconclusive);
  CHECK(finding.to >= 4);
}

TEST_CASE("The null arm is no candidate") {
  model::Arm null = MakeArm(2, kHolds);
  null.role = model::ArmRole::kNull;
  CHECK(Decide(Input(2, 4, {null})).kind == DecisionKind::kInconclusive);
}

}  // namespace
}  // namespace shadowd::analysis
