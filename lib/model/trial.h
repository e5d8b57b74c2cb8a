// The experiment of one trigger: arms, what was predicted for each, what was measured, and the verdicts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/ids.h"
#include "model/kpi.h"
#include "model/trigger.h"

namespace shadowd::model {

enum class ArmRole { kCandidate, kNull, kControl };
enum class ModelAxis { kUnknown, kAccurate, kOff };
enum class SloAxis { kUnknown, kHolds, kFails };
enum class Cause { kNone, kModelInaccurate, kInsufficient, kExcessive };
enum class TrialState { kStarting, kWarming, kMeasuring, kSettled, kCancelled, kSuperseded, kInconclusive };
const char* ArmRoleName(ArmRole role);         // "CANDIDATE" ...
const char* ModelAxisName(ModelAxis axis);     // "UNKNOWN", "ACCURATE", "OFF"
const char* SloAxisName(SloAxis axis);         // "UNKNOWN", "HOLDS", "FAILS"
const char* CauseName(Cause cause);            // "NONE", "MODEL_INACCURATE" ...
const char* TrialStateName(TrialState state);  // "STARTING" ...
bool TrialEnded(TrialState state);

// One KPI of one arm: predicted against measured.
struct KpiDelta {
  KpiKind kind = KpiKind::kLatencyP95;
  double predicted = 0;
  double measured = 0;
  double low = 0;  // confidence sequence for the measured value, after normalisation
  double high = 0;
  double delta = 0;  // (measured - predicted) / predicted
  ModelAxis model = ModelAxis::kUnknown;
  SloAxis slo = SloAxis::kUnknown;
  bool operator==(const KpiDelta&) const = default;
};

struct ArmVerdict {
  ModelAxis model = ModelAxis::kUnknown;
  SloAxis slo = SloAxis::kUnknown;
  Cause cause = Cause::kNone;
  std::string reason;  // a sentence: which KPI, interval, samples, vetoes
  std::vector<KpiDelta> kpis;
  uint64_t requests = 0;
  int windows = 0;       // kept
  int windows_void = 0;  // vetoed
  bool operator==(const ArmVerdict&) const = default;
};

struct Arm {
  int level = 0;
  ArmRole role = ArmRole::kCandidate;
  double load_rps = 0;      // what each of its shadows is fed
  KpiPrediction predicted;  // frozen before the shadows are read
  std::vector<ReplicaId> shadows;
  ArmVerdict verdict;
  bool cached = false;            // not run: measured recently for this version and load
  KpiPrediction predicted_after;  // of the same load, by the curve that learnt from the trial
  bool operator==(const Arm&) const = default;
};

struct Trial {
  TrialId id;
  ServiceId service;
  Trigger trigger;
  TrialState state = TrialState::kStarting;
  std::vector<Arm> arms;
  WallTime create_time;
  WallTime measure_time;  // when measuring began
  WallTime end_time;
  int round = 1;
  std::string note;  // why it ended as it did
  uint64_t mirrored_requests = 0;
  uint64_t synthetic_requests = 0;
  double shadow_seconds = 0;
  double cost = 0;
  bool operator==(const Trial&) const = default;
};

}  // namespace shadowd::model
