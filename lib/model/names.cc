// The spelling of every enumerator, as in the API, logs and database.

#include "base/check.h"
#include "model/decision.h"
#include "model/intent.h"
#include "model/learnt.h"
#include "model/replica.h"
#include "model/service.h"
#include "model/trial.h"
#include "model/trigger.h"

namespace shadowd::model {

const char* ModeName(Mode mode) {
  switch (mode) {
    case Mode::kObserve:
      return "OBSERVE";
    case Mode::kAdvise:
      return "ADVISE";
    case Mode::kAct:
      return "ACT";
  }
  SHADOWD_CHECK(false);
}

const char* RoleName(Role role) {
  switch (role) {
    case Role::kInstance:
      return "instance";
    case Role::kShadow:
      return "shadow";
  }
  SHADOWD_CHECK(false);
}

const char* ReplicaStateName(ReplicaState state) {
  switch (state) {
    case ReplicaState::kStarting:
      return "STARTING";
    case ReplicaState::kReady:
      return "READY";
    case ReplicaState::kServing:
      return "SERVING";
    case ReplicaState::kDraining:
      return "DRAINING";
    case ReplicaState::kStopping:
      return "STOPPING";
    case ReplicaState::kStopped:
      return "STOPPED";
    case ReplicaState::kFailed:
      return "FAILED";
  }
  SHADOWD_CHECK(false);
}

const char* TriggerKindName(TriggerKind kind) {
  switch (kind) {
    case TriggerKind::kBreach:
      return "BREACH";
    case TriggerKind::kProximity:
      return "PROXIMITY";
    case TriggerKind::kCapacity:
      return "CAPACITY";
    case TriggerKind::kSurplus:
      return "SURPLUS";
    case TriggerKind::kNewVersion:
      return "NEW_VERSION";
    case TriggerKind::kProposal:
      return "PROPOSAL";
    case TriggerKind::kEmergency:
      return "EMERGENCY";
    case TriggerKind::kDrift:
      return "DRIFT";
    case TriggerKind::kCalibration:
      return "CALIBRATION";
  }
  SHADOWD_CHECK(false);
}

const char* ArmRoleName(ArmRole role) {
  switch (role) {
    case ArmRole::kCandidate:
      return "CANDIDATE";
    case ArmRole::kNull:
      return "NULL";
    case ArmRole::kControl:
      return "CONTROL";
  }
  SHADOWD_CHECK(false);
}

const char* ModelAxisName(ModelAxis axis) {
  switch (axis) {
    case ModelAxis::kUnknown:
      return "UNKNOWN";
    case ModelAxis::kAccurate:
      return "ACCURATE";
    case ModelAxis::kOff:
      return "OFF";
  }
  SHADOWD_CHECK(false);
}

const char* SloAxisName(SloAxis axis) {
  switch (axis) {
    case SloAxis::kUnknown:
      return "UNKNOWN";
    case SloAxis::kHolds:
      return "HOLDS";
    case SloAxis::kFails:
      return "FAILS";
  }
  SHADOWD_CHECK(false);
}

const char* CauseName(Cause cause) {
  switch (cause) {
    case Cause::kNone:
      return "NONE";
    case Cause::kModelInaccurate:
      return "MODEL_INACCURATE";
    case Cause::kInsufficient:
      return "INSUFFICIENT";
    case Cause::kExcessive:
      return "EXCESSIVE";
  }
  SHADOWD_CHECK(false);
}

const char* TrialStateName(TrialState state) {
  switch (state) {
    case TrialState::kStarting:
      return "STARTING";
    case TrialState::kWarming:
      return "WARMING";
    case TrialState::kMeasuring:
      return "MEASURING";
    case TrialState::kSettled:
      return "SETTLED";
    case TrialState::kCancelled:
      return "CANCELLED";
    case TrialState::kSuperseded:
      return "SUPERSEDED";
    case TrialState::kInconclusive:
      return "INCONCLUSIVE";
  }
  SHADOWD_CHECK(false);
}

const char* DecisionKindName(DecisionKind kind) {
  switch (kind) {
    case DecisionKind::kProvisional:
      return "PROVISIONAL";
    case DecisionKind::kConfirmed:
      return "CONFIRMED";
    case DecisionKind::kAdjusted:
      return "ADJUSTED";
    case DecisionKind::kRejected:
      return "REJECTED";
    case DecisionKind::kInconclusive:
      return "INCONCLUSIVE";
  }
  SHADOWD_CHECK(false);
}

const char* DecisionStateName(DecisionState state) {
  switch (state) {
    case DecisionState::kTesting:
      return "TESTING";
    case DecisionState::kAdvised:
      return "ADVISED";
    case DecisionState::kApproved:
      return "APPROVED";
    case DecisionState::kApplying:
      return "APPLYING";
    case DecisionState::kApplied:
      return "APPLIED";
    case DecisionState::kDeclined:
      return "DECLINED";
    case DecisionState::kBlocked:
      return "BLOCKED";
    case DecisionState::kFailed:
      return "FAILED";
    case DecisionState::kSuperseded:
      return "SUPERSEDED";
  }
  SHADOWD_CHECK(false);
}

const char* DecisionOutcomeName(DecisionOutcome outcome) {
  switch (outcome) {
    case DecisionOutcome::kOpen:
      return "OPEN";
    case DecisionOutcome::kRight:
      return "RIGHT";
    case DecisionOutcome::kFalseConfirm:
      return "FALSE_CONFIRM";
    case DecisionOutcome::kFalseReject:
      return "FALSE_REJECT";
  }
  SHADOWD_CHECK(false);
}

const char* RetrainCauseName(RetrainCause cause) {
  switch (cause) {
    case RetrainCause::kInitial:
      return "INITIAL";
    case RetrainCause::kTrial:
      return "TRIAL";
    case RetrainCause::kRequested:
      return "REQUESTED";
    case RetrainCause::kDrift:
      return "DRIFT";
    case RetrainCause::kProduction:
      return "PRODUCTION";
    case RetrainCause::kReverted:
      return "REVERTED";
  }
  SHADOWD_CHECK(false);
}

const char* IntentKindName(IntentKind kind) {
  switch (kind) {
    case IntentKind::kStartReplica:
      return "START_REPLICA";
    case IntentKind::kStopReplica:
      return "STOP_REPLICA";
    case IntentKind::kAddServer:
      return "ADD_SERVER";
    case IntentKind::kDrainServer:
      return "DRAIN_SERVER";
    case IntentKind::kRemoveServer:
      return "REMOVE_SERVER";
  }
  SHADOWD_CHECK(false);
}

const char* IntentStateName(IntentState state) {
  switch (state) {
    case IntentState::kPending:
      return "PENDING";
    case IntentState::kDone:
      return "DONE";
    case IntentState::kFailed:
      return "FAILED";
  }
  SHADOWD_CHECK(false);
}

bool TrialEnded(TrialState state) {
  return state != TrialState::kStarting && state != TrialState::kWarming && state != TrialState::kMeasuring;
}

}  // namespace shadowd::model
