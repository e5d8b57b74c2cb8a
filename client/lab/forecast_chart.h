// A scored history as a picture for those who decide: what came, what had been expected, its limits, and each
// step that lay outside of them, with the scores in words. Pure.
#pragma once

#include <string>

#include "lab/evaluate.h"

namespace shadowd::lab {

// One SVG that needs nothing from elsewhere, of an evaluation of a trace; `name` is the history's.
std::string ForecastSvg(const std::string& name, const Evaluation& evaluation, double coverage);

}  // namespace shadowd::lab
