// Fitted models as plain values, to be kept as a version, and back: a revert takes the coefficients up again
// and lets them learn on what came since. How sure they were is not kept; it is made anew from the demand
// known now. Pure functions.
#pragma once

#include "forecast/combination.h"
#include "forecast/fit.h"
#include "model/learnt.h"

namespace shadowd::forecast {

// The parts that a combination holds; the caller adds step, transform and labels.
model::FittedForecast Keep(const Combination& combination);

// Writes input.kept, which must be there, into `fit`: transform, seasons, members and, where the horizon is
// still the same, their weights. False with a reason where too little demand is known.
bool TakeUp(const FitInput& input, Fit& fit);

}  // namespace shadowd::forecast
