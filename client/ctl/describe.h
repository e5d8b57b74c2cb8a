// Descriptions for people: what a resource is, in paragraphs and small tables. A noun without one of its own
// is shown in YAML.
#pragma once

#include <span>
#include <string>

#include "shadowd/client.h"

namespace shadowd::ctl {

// `recent`: what it triggered of late, newest first.
std::string Describe(const v1::Forecast& forecast, std::span<const v1::Trigger> recent);
std::string Describe(const v1::Trial& trial);
std::string Describe(const v1::Decision& decision);

// Expected demand, its limits and the demand of now, over the horizon.
std::string PlotForecast(const v1::Forecast& forecast, size_t width, size_t height);

}  // namespace shadowd::ctl
