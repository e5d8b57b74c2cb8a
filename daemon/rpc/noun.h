// The nouns of the API: which resources exist, as a value and as a type. A new noun is a line here, a
// conversion in lib/rpc and a service file.
#pragma once

#include <array>

namespace shadowd::daemon {

enum class Noun { kService, kInstance, kForecast, kTrial, kShadow, kDecision, kModel, kCost };
inline constexpr std::array kAllNouns = {Noun::kService, Noun::kInstance, Noun::kForecast, Noun::kTrial,
                                         Noun::kShadow,  Noun::kDecision, Noun::kModel,    Noun::kCost};

const char* NounName(Noun noun);  // "service" ...

}  // namespace shadowd::daemon
