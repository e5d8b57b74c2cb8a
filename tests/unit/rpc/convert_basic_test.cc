#include "rpc/convert_basic.h"

#include "model/decision.h"
#include "model/forecast.h"
#include "model/intent.h"
#include "model/learnt.h"
#include "model/replica.h"
#include "model/service.h"
#include "model/trial.h"
#include "require_ok.h"
#include "shadowd/v1/decisions.pb.h"
#include "shadowd/v1/forecasts.pb.h"
#include "shadowd/v1/models.pb.h"
#include "shadowd/v1/services.pb.h"
#include "shadowd/v1/storage.pb.h"

namespace shadowd::rpc {
namespace {

// Every value of the domain has an enumerator of the same name, and the API has no other.
template <typename Proto, typename Model>
void SameNames(const char* (*name)(Model), Model last) {
  const auto* type = google::protobuf::GetEnumDescriptor<Proto>();
  INFO(type->full_name());
  REQUIRE(type->value_count() == static_cast<int>(last) + 2);
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    const auto value = static_cast<Model>(i);
    REQUIRE(type->FindValueByNumber(static_cast<int>(EnumToProto<Proto>(value)))->name() == name(value));
    Model back = last;
    REQUIRE_OK(ReadEnum(EnumToProto<Proto>(value), "field", back));
    REQUIRE(back == value);
  }
}

const char* BalancingWord(model::Balancing balancing) {
  return balancing == model::Balancing::kRandom       ? "RANDOM"
         : balancing == model::Balancing::kRoundRobin ? "ROUND_ROBIN"
                                                      : "LEAST_CONN";
}
const char* PolicyWord(model::TrialPolicy policy) {
  return policy == model::TrialPolicy::kAuto ? "AUTO" : "NEVER";
}
const char* ForecastWord(model::ForecastState state) {
  return state == model::ForecastState::kReady ? "READY" : "DEGRADED";
}
const char* KpiWord(model::KpiKind kpi) {
  static constexpr std::array kWords = {"LATENCY_P50", "LATENCY_P95",     "LATENCY_P99", "THROUGHPUT",
                                        "ERROR_RATE",  "CPU_PER_REQUEST", "MEMORY"};
  return kWords[static_cast<size_t>(kpi)];
}

TEST_CASE("The API spells every enumerator as the domain does") {
  using namespace model;
  SameNames<v1::Service::Mode>(ModeName, Mode::kAct);
  SameNames<v1::Service::Balancing>(BalancingWord, Balancing::kLeastConn);
  SameNames<v1::TrialSpec::Policy>(PolicyWord, TrialPolicy::kNever);
  SameNames<v1::Replica::State>(ReplicaStateName, ReplicaState::kFailed);
  SameNames<v1::Trigger::Kind>(TriggerKindName, TriggerKind::kCalibration);
  SameNames<v1::Arm::Role>(ArmRoleName, ArmRole::kControl);
  SameNames<v1::ArmVerdict::ModelAxis>(ModelAxisName, ModelAxis::kOff);
  SameNames<v1::KpiDelta::SloAxis>(SloAxisName, SloAxis::kFails);
  SameNames<v1::ArmVerdict::Cause>(CauseName, Cause::kExcessive);
  SameNames<v1::Trial::State>(TrialStateName, TrialState::kInconclusive);
  SameNames<v1::Decision::Kind>(DecisionKindName, DecisionKind::kInconclusive);
  SameNames<v1::Decision::Outcome>(DecisionOutcomeName, DecisionOutcome::kFalseReject);
  SameNames<v1::Decision::State>(DecisionStateName, DecisionState::kSuperseded);
  SameNames<v1::Model::Cause>(RetrainCauseName, RetrainCause::kReverted);
  SameNames<v1::CapacityPoint::Source>(KpiSourceName, KpiSource::kSynthetic);
  SameNames<v1::Intent::Kind>(IntentKindName, IntentKind::kRemoveServer);
  SameNames<v1::Intent::State>(IntentStateName, IntentState::kFailed);
  SameNames<v1::Forecast::State>(ForecastWord, ForecastState::kDegraded);
  SameNames<v1::KpiDelta::Kpi>(KpiWord, KpiKind::kMemory);
  SameNames<v1::KpiRule::Kpi>(SeriesKpiName, SeriesKpi::kReplicas);
  SameNames<v1::KpiRule::Kind>(SeriesKindName, SeriesKind::kHistogram);
  SameNames<v1::AccessLogSource::Format>(AccessLogFormatName, AccessLogFormat::kJson);
}

TEST_CASE("Malformed and huge times are refused") {
  google::protobuf::Timestamp at;
  at.set_nanos(-1);
  REQUIRE(ReasonOf(FromProto(at).status()) == "MALFORMED_TIME");
  at.set_nanos(1'000'000'000);
  REQUIRE(ReasonOf(FromProto(at).status()) == "MALFORMED_TIME");
  at.set_nanos(0);
  at.set_seconds(std::numeric_limits<int64_t>::max());
  REQUIRE(ReasonOf(FromProto(at).status()) == "OUT_OF_RANGE");
  at.set_seconds(std::numeric_limits<int64_t>::min());
  REQUIRE(ReasonOf(FromProto(at).status()) == "OUT_OF_RANGE");
  google::protobuf::Duration length;
  length.set_seconds(1);
  length.set_nanos(-1);
  REQUIRE(ReasonOf(FromProto(length).status()) == "MALFORMED_TIME");
}

TEST_CASE("A time before 1970 counts its fraction forwards") {
  google::protobuf::Timestamp at;
  ToProto(WallFromMicros(-1), &at);
  REQUIRE(at.seconds() == -1);
  REQUIRE(at.nanos() == 999'999'000);
}

TEST_CASE("UTF-8 stays and what is not becomes question marks") {
  REQUIRE(Utf8("gr\xc3\xbc\xc3\x9f \xf0\x9f\x99\x82") == "gr\xc3\xbc\xc3\x9f \xf0\x9f\x99\x82");
  REQUIRE(Utf8("\xed\xa0\x80") == "???");       // a surrogate
  REQUIRE(Utf8("\xf4\x90\x80\x80") == "????");  // beyond U+10FFFF
  REQUIRE(Utf8("cut \xe2\x82") == "cut ??");
}

}  // namespace
}  // namespace shadowd::rpc
