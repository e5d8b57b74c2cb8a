// The tests of one arm: each KPI's confidence sequence against its predicted band and against the SLO.
// Internal to lib/analysis; pure.
#pragma once

#include <vector>

#include "analysis/arm_record.h"
#include "analysis/normaliser.h"
#include "model/kpi.h"
#include "model/service.h"
#include "model/slo.h"
#include "model/trial.h"

namespace shadowd::analysis {

// How large the probability of each wrong statement about one KPI may be. A truth can be got wrong in one way
// only: where the SLO holds, by FAILS; where the prediction is right, by OFF.
struct ErrorShares {
  double holds = 0;
  double fails = 0;
  double accurate = 0;
  double off = 0;
};

struct KpiEvidence {
  const ArmRecord& record;
  const model::KpiPrediction& predicted;
  const model::Slo& slo;
  ErrorShares alpha;
  const Normaliser& normaliser;
  // Requests (as independent ones) and errors of the arms at this load or a higher one: errors do not fall
  // with load, so where they hold together, this arm holds.
  double pooled_requests = 0;
  double pooled_errors = 0;
};

// Whether the prediction lies so close to saturation, or is so vague, that its tail says nothing.
bool NearSaturation(const model::KpiPrediction& predicted, const model::Slo& slo);

// `tolerance` is the threshold of this KPI's delta.
model::KpiDelta JudgeKpi(const KpiEvidence& input, model::KpiKind kind, double tolerance);

model::SloAxis CombineSlo(const std::vector<model::KpiDelta>& kpis, const model::Slo& slo);
model::ModelAxis CombineModel(const std::vector<model::KpiDelta>& kpis, const model::KpiPrediction& predicted,
                              const model::Slo& slo);

}  // namespace shadowd::analysis
