// What limits begin with after a fit: the scale of errors from the residuals of the training part, carried on
// over the held-out part as online, and split-conformal margins from the errors of past forecasts there, each
// over the scale as it was known when the forecast was made. Pure function.
#pragma once

#include <span>
#include <vector>

#include "forecast/limits.h"
#include "forecast/linear_model.h"
#include "forecast/rolling.h"

namespace shadowd::forecast {

// `expected` is what was said of each step of the held-out part one step before, `paths` are those from the
// origins; `model` gives the residuals, `season` is the one by whose phase errors differ.
LimitsStart StartLimits(const Rolling& rolling, double coverage, const LinearModel& model, int season,
                        std::span<const double> expected, std::span<const std::vector<double>> paths);

// How much farther out a limit lies when the spread is known from so many independent windows alone: the
// 97.5 % quantile of Student's t over the normal one.
double QuantileOfFew(double windows);

}  // namespace shadowd::forecast
