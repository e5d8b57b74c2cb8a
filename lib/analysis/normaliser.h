// What the null shadow tells of all shadows: it runs at production's present load per instance, so the ratio
// of production to it, KPI by KPI, is what the shadows' surroundings do to a measurement. Internal to
// lib/analysis; pure.
#pragma once

#include <string>
#include <vector>

#include "analysis/arm_record.h"
#include "model/kpi.h"

namespace shadowd::analysis {

// One KPI of production over that of the null shadow. The interval follows from the confidence sequences of
// both and from the steps in which either is recorded (a log with milliseconds is up to one off); high is
// infinite while the evidence is thin.
struct KpiRatio {
  model::KpiKind kind = model::KpiKind::kLatencyP50;
  double production = 0, null = 0;
  model::Interval ratio;
};

struct Normaliser {
  std::vector<KpiRatio> ratios;  // of p50, p95, p99 and CPU per request, as far as both are known
  bool refused = false;          // a ratio is surely outside [0.8, 1.25]: shadows do not stand for production
  std::string note;              // why it was refused, or what is corrected; "" without either

  // By which a shadow's value is multiplied: as little as the ratio's interval allows.
  double Of(model::KpiKind kind) const;
};

// `alpha` bounds the probability that any of the intervals misses its ratio.
Normaliser CompareWithProduction(const ArmRecord& production, const ArmRecord& null, double alpha);

}  // namespace shadowd::analysis
