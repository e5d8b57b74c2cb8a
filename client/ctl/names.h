// Names as people type them: full ones ("services/web/trials/web-t12") or bare ids ("web-t12"), from which
// the service is read where --service does not give it.
#pragma once

#include <string>

#include "base/status.h"

namespace shadowd::ctl {

enum class Noun { kService, kInstance, kForecast, kTrial, kShadow, kDecision, kModel, kCost };

// "trials", "trial".
StatusOr<Noun> NounOf(const std::string& word);
const char* PluralOf(Noun noun);

StatusOr<std::string> FullName(Noun noun, const std::string& name, const std::string& service);
// "services/web", "services/-", with trials for shadows.
std::string ParentName(Noun noun, const std::string& service);
std::string LastSegment(const std::string& name);
std::string ServiceOf(const std::string& name);  // "web" of any full name

}  // namespace shadowd::ctl
