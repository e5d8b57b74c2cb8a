// The settings of a service that advice may change, each with the few values that are tried. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/service.h"

namespace shadowd::lab {

struct ServiceSetting {
  const char* section;  // of the service's YAML
  const char* key;
  std::vector<double> values;  // tried; lengths of time in seconds, policies by number
  double (*get)(const model::ServiceSpec&);
  void (*set)(model::ServiceSpec&, double);
  std::string (*text)(double);  // as the YAML has it
  bool of_trials;               // does nothing where there are none

  std::string Name() const { return std::string(section) + "." + key; }
};

// In the order in which they are tried.
std::span<const ServiceSetting> ServiceSettings();

}  // namespace shadowd::lab
