// What the descriptions are made of.
#pragma once

#include <fmt/format.h>

#include <string>

#include "shadowd/client.h"

namespace shadowd::ctl {

inline std::string Line(const char* label, const std::string& value) {
  return value.empty() ? std::string() : fmt::format("{:<12} {}\n", label, value);
}

std::string TriggerText(const v1::Trigger& trigger);

}  // namespace shadowd::ctl
