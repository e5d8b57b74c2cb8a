#include "control/transitions.h"

#include "base/check.h"

namespace shadowd::control {
namespace {

struct Row {
  const char* name;
  std::array<Handling, kPhases> in;  // NEW, IDLE, TRIALLING, APPLYING, DELETING
};

constexpr Handling P = Handling::kProcess;
constexpr Handling I = Handling::kIgnore;
constexpr Handling R = Handling::kRefuse;
constexpr Handling S = Handling::kSupersede;

// In the order of ports::Payload.
constexpr std::array<Row, std::variant_size_v<ports::Payload>> kTable = {{
    {"ApplyService", {P, P, P, P, R}},     {"DeleteService", {R, P, S, P, R}},
    {"ProposeScaling", {R, P, P, R, R}},   {"Retrain", {R, P, P, P, R}},
    {"CancelTrial", {R, R, P, R, R}},      {"TerminateShadow", {R, R, P, R, R}},
    {"ApproveDecision", {R, P, R, R, R}},  {"RejectDecision", {R, P, R, R, R}},
    {"Freeze", {I, P, S, P, P}},           {"ImportHistory", {R, P, P, P, R}},
    {"ProductionWindow", {I, P, P, P, P}}, {"DemandSample", {R, P, P, P, R}},
    {"ShadowWindow", {I, I, P, I, I}},     {"ReplicaStarted", {I, P, P, P, P}},
    {"ReplicaReady", {I, P, P, P, P}},     {"ReplicaFailed", {I, P, P, P, P}},
    {"ReplicaStopped", {I, P, P, P, P}},   {"ServerChanged", {I, P, P, P, P}},
    {"ForecastFitted", {I, P, P, P, I}},   {"HostPressure", {I, I, I, I, I}},  // HostArbiter's
    {"TimerFired", {I, P, P, P, P}},       {"Restored", {P, R, R, R, R}},
    {"ReplicaFound", {I, P, P, P, P}},     {"RunNullTrial", {R, P, R, R, R}},
    {"RevertModel", {R, P, P, P, R}},
}};

}  // namespace

const char* PhaseName(Phase phase) {
  switch (phase) {
    case Phase::kNew:
      return "NEW";
    case Phase::kIdle:
      return "IDLE";
    case Phase::kTrialling:
      return "TRIALLING";
    case Phase::kApplying:
      return "APPLYING";
    case Phase::kDeleting:
      return "DELETING";
  }
  SHADOWD_CHECK(false);
}

Handling HandlingOf(Phase phase, size_t event_index) {
  SHADOWD_CHECK(event_index < kTable.size());
  return kTable[event_index].in[static_cast<size_t>(phase)];
}

const char* EventName(size_t event_index) {
  SHADOWD_CHECK(event_index < kTable.size());
  return kTable[event_index].name;
}

}  // namespace shadowd::control
