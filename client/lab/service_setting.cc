#include "lab/service_setting.h"

#include <fmt/format.h>

#include "config/yaml_scalar.h"

namespace shadowd::lab {
namespace {

using model::ServiceSpec;

constexpr double kMinute = 60, kHour = 3600;

std::string NumberText(double value) {
  return fmt::format("{:.6g}", value);
}

std::string LengthText(double seconds) {
  return config::FormatDuration(FromSeconds(seconds));
}

std::string PolicyText(double policy) {
  return policy == 0 ? "auto" : "never";
}

std::vector<ServiceSetting> All() {
  return {
      {.section = "forecast",
       .key = "coverage",
       .values = {0.8, 0.9, 0.95, 0.98, 0.99},
       .get = [](const ServiceSpec& spec) { return spec.forecast.coverage; },
       .set = [](ServiceSpec& spec, double value) { spec.forecast.coverage = value; },
       .text = NumberText,
       .of_trials = false},
      {.section = "forecast",
       .key = "hold",
       .values = {5 * kMinute, 10 * kMinute, 20 * kMinute, 40 * kMinute},
       .get = [](const ServiceSpec& spec) { return ToSeconds(spec.forecast.hold); },
       .set = [](ServiceSpec& spec, double value) { spec.forecast.hold = FromSeconds(value); },
       .text = LengthText,
       .of_trials = false},
      {.section = "bounds",
       .key = "cool_down_in",
       .values = {1 * kMinute, 5 * kMinute, 15 * kMinute},
       .get = [](const ServiceSpec& spec) { return ToSeconds(spec.bounds.cool_down_in); },
       .set = [](ServiceSpec& spec, double value) { spec.bounds.cool_down_in = FromSeconds(value); },
       .text = LengthText,
       .of_trials = false},
      {.section = "trial",
       .key = "policy",
       .values = {0, 1},
       .get =
           [](const ServiceSpec& spec) { return spec.trial.policy == model::TrialPolicy::kAuto ? 0.0 : 1.0; },
       .set =
           [](ServiceSpec& spec, double value) {
             spec.trial.policy = value == 0 ? model::TrialPolicy::kAuto : model::TrialPolicy::kNever;
           },
       .text = PolicyText,
       .of_trials = false},
      {.section = "trial",
       .key = "measured_fresh",
       .values = {0.5 * kHour, 3 * kHour, 12 * kHour, 48 * kHour},
       .get = [](const ServiceSpec& spec) { return ToSeconds(spec.trial.measured_fresh); },
       .set = [](ServiceSpec& spec, double value) { spec.trial.measured_fresh = FromSeconds(value); },
       .text = LengthText,
       .of_trials = true},
      {.section = "shadows",
       .key = "levels_auto_max",
       .values = {1, 2, 3, 5},
       .get = [](const ServiceSpec& spec) { return 1.0 * spec.shadows.levels_auto_max; },
       .set = [](ServiceSpec& spec, double value) { spec.shadows.levels_auto_max = static_cast<int>(value); },
       .text = NumberText,
       .of_trials = true},
      {.section = "shadows",
       .key = "max_shadows",
       .values = {2, 4, 8},
       .get = [](const ServiceSpec& spec) { return 1.0 * spec.shadows.max_shadows; },
       .set = [](ServiceSpec& spec, double value) { spec.shadows.max_shadows = static_cast<int>(value); },
       .text = NumberText,
       .of_trials = true},
  };
}

}  // namespace

std::span<const ServiceSetting> ServiceSettings() {
  static const std::vector<ServiceSetting> all = All();
  return all;
}

}  // namespace shadowd::lab
