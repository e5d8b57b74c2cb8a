// Descriptions for people: what a resource is, in paragraphs and small tables. A noun without one of its own
// is shown in YAML.
#pragma once

#include <string>

#include "shadowd/client.h"

namespace shadowd::ctl {

std::string Describe(const v1::Forecast& forecast);
std::string Describe(const v1::Trial& trial);
std::string Describe(const v1::Decision& decision);

// Expected demand, its limits and the demand of now, over the horizon.
std::string PlotForecast(const v1::Forecast& forecast, size_t width, size_t height);

}  // namespace shadowd::ctl
