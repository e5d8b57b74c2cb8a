// The report of a back-test for those who decide about it: what was saved in one sentence, a table of all
// policies, charts of demand, capacity, replicas and latency, and the decisions with their reasons. One HTML
// file that needs nothing from elsewhere, or its chart alone as SVG. Pure functions.
#pragma once

#include <string>

#include "lab/simulate.h"
#include "sim/scene.h"

namespace shadowd::lab {

std::string ReportHtml(const sim::Scene& scene, const Simulation& simulation);
std::string ReportSvg(const sim::Scene& scene, const Simulation& simulation);

// The sentences at the top, also for the terminal: the first policy against each of the others that guesses.
std::vector<std::string> Headlines(const sim::Scene& scene, const Simulation& simulation);

// "hpa", "hpa-tuned (CPU 55 %)"
std::string ShownName(const PolicyOutcome& outcome);

}  // namespace shadowd::lab
