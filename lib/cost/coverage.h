// How high the limits of a forecast are to lie when that is to follow from prices. Pure.
#pragma once

#include "model/service.h"

namespace shadowd::cost {

// The newsvendor's critical ratio (Arrow, Harris, Marschak, "Optimal inventory policy", 1951): a minute short
// of an instance costs violation_per_minute, a minute with one too many costs instance_hour / 60, so the
// upper limit is the quantile c_short / (c_short + c_idle) of demand; the two-sided coverage that has it
// there is returned, within 0.5..0.999. Prices that are all zero decide nothing: 0.95.
double CoverageFromPrices(const model::Prices& prices);

// The spec's coverage, or that of its prices where it asks for it.
double CoverageOf(const model::ServiceSpec& spec);

}  // namespace shadowd::cost
