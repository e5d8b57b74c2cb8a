// The tests of one arm: each KPI's confidence sequence against its predicted band and against the SLO.
// Internal to lib/analysis; pure.
#pragma once

#include <vector>

#include "analysis/arm_record.h"
#include "model/kpi.h"
#include "model/service.h"
#include "model/trial.h"

namespace shadowd::analysis {

struct KpiEvidence {
  const ArmRecord& record;
  const model::KpiPrediction& predicted;
  const model::Slo& slo;
  double alpha_holds = 0;  // of wrongly saying that the SLO holds
  double alpha_fails = 0;  // of wrongly saying that one of its KPIs fails
  double alpha_model = 0;  // of one KPI
  double latency_ratio = 1;
  // Requests and errors of the arms at this load or a higher one: errors do not fall with load, so where they
  // hold together, this arm holds.
  double pooled_requests = 0;
  double pooled_errors = 0;
};

model::KpiKind SloKind(const model::Slo& slo);

// Whether the prediction lies so close to saturation, or is so vague, that its tail says nothing.
bool NearSaturation(const model::KpiPrediction& predicted, const model::Slo& slo);

// `tolerance` is the threshold of this KPI's delta.
model::KpiDelta JudgeKpi(const KpiEvidence& input, model::KpiKind kind, double tolerance);

model::SloAxis CombineSlo(const std::vector<model::KpiDelta>& kpis, const model::Slo& slo);
model::ModelAxis CombineModel(const std::vector<model::KpiDelta>& kpis, const model::KpiPrediction& predicted,
                              const model::Slo& slo);

}  // namespace shadowd::analysis
