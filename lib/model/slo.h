// Which KPI the latency limit of an SLO is about.
#pragma once

#include "model/kpi.h"
#include "model/service.h"

namespace shadowd::model {

inline KpiKind SloKind(const Slo& slo) {
  return slo.latency_quantile < 0.75   ? KpiKind::kLatencyP50
         : slo.latency_quantile < 0.97 ? KpiKind::kLatencyP95
                                       : KpiKind::kLatencyP99;
}

}  // namespace shadowd::model
