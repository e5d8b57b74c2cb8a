#include "control/gate.h"

#include <catch2/catch.hpp>

using namespace shadowd;
using namespace shadowd::control;

namespace {

GateInput Act(int from, int to) {
  GateInput input;
  input.mode = model::Mode::kAct;
  input.bounds = {.min = 2,
                  .max = 8,
                  .step_out_max = 3,
                  .step_in_max = 1,
                  .cool_down_out = std::chrono::seconds(30),
                  .cool_down_in = std::chrono::minutes(5)};
  input.from = from;
  input.to = to;
  input.now = MonoTime(std::chrono::hours(1));
  return input;
}

}  // namespace

TEST_CASE("nothing passes the gate in OBSERVE and ADVISE, whatever asks") {
  for (const model::Mode mode : {model::Mode::kObserve, model::Mode::kAdvise}) {
    for (int kind = 0; kind <= static_cast<int>(model::TriggerKind::kEmergency); ++kind) {
      for (const bool new_version : {false, true}) {
        GateInput input = Act(2, 4);
        input.mode = mode;
        input.trigger = static_cast<model::TriggerKind>(kind);
        input.new_version = new_version;
        const GateAnswer answer = PassGate(input);
        CHECK_FALSE(answer.open);
        CHECK(answer.to == 2);
        CHECK_FALSE(answer.reason.empty());
      }
    }
  }
}

TEST_CASE("a freeze closes the gate for emergencies too") {
  GateInput input = Act(2, 4);
  input.frozen = true;
  input.frozen_reason = "incident 7";
  input.trigger = model::TriggerKind::kEmergency;
  CHECK_FALSE(PassGate(input).open);
  CHECK(PassGate(input).reason == "frozen: incident 7");
}

TEST_CASE("bounds and steps clamp and say so") {
  CHECK(PassGate(Act(3, 5)).to == 5);
  CHECK(PassGate(Act(3, 5)).reason.empty());
  CHECK(PassGate(Act(3, 8)).to == 6);   // step out 3
  CHECK(PassGate(Act(7, 12)).to == 8);  // max
  CHECK(PassGate(Act(5, 2)).to == 4);   // step in 1
  CHECK(PassGate(Act(2, 1)).to == 2);   // min
  CHECK_THAT(PassGate(Act(3, 8)).reason, Catch::Contains("clamped from 8 to 6"));
  CHECK(PassGate(Act(0, 6)).to == 6);  // the first start takes no steps
}

TEST_CASE("a cool-down holds back scaling out, but not an emergency") {
  GateInput input = Act(3, 4);
  input.last_out = input.now - std::chrono::seconds(10);
  CHECK_FALSE(PassGate(input).open);
  CHECK_THAT(PassGate(input).reason, Catch::Contains("cool-down"));
  input.trigger = model::TriggerKind::kEmergency;
  CHECK(PassGate(input).open);
  input.trigger = model::TriggerKind::kCapacity;
  input.last_out = input.now - std::chrono::seconds(31);
  CHECK(PassGate(input).open);
}

TEST_CASE("a scale-in waits after changes in either direction") {
  GateInput input = Act(4, 3);
  CHECK(PassGate(input).open);
  input.last_out = input.now - std::chrono::minutes(4);
  CHECK_FALSE(PassGate(input).open);
  input.last_out.reset();
  input.last_in = input.now - std::chrono::minutes(4);
  CHECK_FALSE(PassGate(input).open);
  input.last_in = input.now - std::chrono::minutes(6);
  CHECK(PassGate(input).open);
}
