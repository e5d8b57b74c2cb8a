// What starts a trial, or the action where the trial is skipped. One object, one code path.
#pragma once

#include <string>

#include "base/time.h"

namespace shadowd::model {

enum class TriggerKind {
  kBreach,      // an observation left the prediction limits
  kProximity,   // m of the last n observations came close to a limit
  kCapacity,    // a limit crosses what today's replicas hold, within the lead time
  kSurplus,     // today's replicas hold far more than the upper limit
  kNewVersion,  // the spec's version or template changed
  kProposal,    // a caller asked (ProposeScaling)
  kEmergency,   // production is over its SLO now; never delayed by a trial
  kDrift,       // demand no longer behaves as the models say
  kCalibration  // a caller ordered a null trial
};
const char* TriggerKindName(TriggerKind kind);  // "BREACH" ...

struct Trigger {
  TriggerKind kind = TriggerKind::kCapacity;
  WallTime at;
  int current = 0;         // replicas serving now
  int planned = 0;         // what the curve says, within the bounds
  double present_rps = 0;  // demand now, of the whole service
  double planned_rps = 0;  // largest upper limit over [action, action + hold]
  std::string version;     // what the shadows run
  std::string evidence;    // one sentence with the numbers behind it
  std::string request_id;  // of a proposal
  bool operator==(const Trigger&) const = default;
};

}  // namespace shadowd::model
