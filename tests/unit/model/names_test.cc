#include <google/protobuf/generated_enum_reflection.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "model/decision.h"
#include "model/intent.h"
#include "model/kpi.h"
#include "model/learnt.h"
#include "model/replica.h"
#include "model/service.h"
#include "model/trial.h"
#include "model/trigger.h"
#include "shadowd/v1/decisions.pb.h"
#include "shadowd/v1/models.pb.h"
#include "shadowd/v1/services.pb.h"
#include "shadowd/v1/storage.pb.h"
#include "shadowd/v1/trials.pb.h"

namespace shadowd::model {
namespace {

bool IsUpperSnake(const std::string& word) {
  const bool letters = std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  return letters && !word.empty() && word.front() != '_' && word.back() != '_' &&
         word.find("__") == std::string::npos;
}

// The API numbers its enumerators from one, zero being UNSPECIFIED, in the order of the domain.
template <typename Proto, typename Enum>
void CheckSpelling(const char* (*name)(Enum), Enum last) {
  const auto* type = google::protobuf::GetEnumDescriptor<Proto>();
  INFO(type->full_name());
  REQUIRE(type->value_count() == static_cast<int>(last) + 2);
  std::set<std::string> seen;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    const std::string word = name(static_cast<Enum>(i));
    CAPTURE(i, word);
    CHECK(IsUpperSnake(word));
    CHECK(seen.insert(word).second);
    const auto* value = type->FindValueByName(word);
    REQUIRE(value != nullptr);
    CHECK(value->number() == i + 1);
  }
}

TEST_CASE("Every enumerator has a spelling of its own, and the API has the same") {
  CheckSpelling<v1::Service::Mode>(ModeName, Mode::kAct);
  CheckSpelling<v1::Replica::State>(ReplicaStateName, ReplicaState::kFailed);
  CheckSpelling<v1::Trigger::Kind>(TriggerKindName, TriggerKind::kCalibration);
  CheckSpelling<v1::Arm::Role>(ArmRoleName, ArmRole::kControl);
  CheckSpelling<v1::ArmVerdict::ModelAxis>(ModelAxisName, ModelAxis::kOff);
  CheckSpelling<v1::KpiDelta::SloAxis>(SloAxisName, SloAxis::kFails);
  CheckSpelling<v1::ArmVerdict::Cause>(CauseName, Cause::kExcessive);
  CheckSpelling<v1::Trial::State>(TrialStateName, TrialState::kInconclusive);
  CheckSpelling<v1::Decision::Kind>(DecisionKindName, DecisionKind::kInconclusive);
  CheckSpelling<v1::Decision::Outcome>(DecisionOutcomeName, DecisionOutcome::kFalseReject);
  CheckSpelling<v1::Decision::State>(DecisionStateName, DecisionState::kSuperseded);
  CheckSpelling<v1::Model::Cause>(RetrainCauseName, RetrainCause::kReverted);
  CheckSpelling<v1::CapacityPoint::Source>(KpiSourceName, KpiSource::kSynthetic);
  CheckSpelling<v1::Intent::Kind>(IntentKindName, IntentKind::kRemoveServer);
  CheckSpelling<v1::Intent::State>(IntentStateName, IntentState::kFailed);
}

// It is put into command lines as {role}, where services expect the word of the documentation.
TEST_CASE("A role is spelt as templates get it") {
  CHECK(std::string(RoleName(Role::kInstance)) == "instance");
  CHECK(std::string(RoleName(Role::kShadow)) == "shadow");
}

TEST_CASE("A trial has ended unless it starts, warms up or measures") {
  const std::set<std::string> running = {"STARTING", "WARMING", "MEASURING"};
  for (int i = 0; i <= static_cast<int>(TrialState::kInconclusive); ++i) {
    const auto state = static_cast<TrialState>(i);
    CAPTURE(TrialStateName(state));
    CHECK(TrialEnded(state) == !running.contains(TrialStateName(state)));
  }
}

}  // namespace
}  // namespace shadowd::model
