// Settings of a service that would have cost less on its own history: a small search that plays the control
// core over one scene with one setting changed at a time, at the service's prices. What is chosen on the
// first half of the play is judged on the second, so that advice is not merely fitted to what happened.
// Deterministic and bounded. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "lab/progress.h"
#include "lab/simulate.h"
#include "model/service.h"
#include "sim/scene.h"

namespace shadowd::lab {

inline constexpr int kSuggestPlaysMax = 40;                      // of the first half, while searching
inline constexpr Micros kSuggestPlayed = std::chrono::days(14);  // more of a history is not played

// What a stretch of a play came to.
struct Spent {
  double hours = 0;  // its length
  double instance_hours = 0;
  double shadow_hours = 0;
  double violation_minutes = 0;
  double cost = 0;

  Spent Minus(const Spent& other) const;
  Spent PerDays(double days) const;  // at the same rate
};

struct Halves {
  Spent first, second;
  Spent Whole() const;
};

struct SettingChange {
  std::string setting;  // "forecast.coverage"
  std::string now, proposed;
  Spent effect;  // over the whole play, on top of the changes before it; negative = saved
};

struct Suggestion {
  bool advised = false;
  std::string verdict;                 // a sentence: why, or why not
  std::vector<SettingChange> changes;  // found on the first half, also where they are not advised
  Halves now, proposed;                // equal where nothing was found
  std::string yaml;                    // of the changes, for the service's file; "" where none is advised
  model::ServiceSpec spec;             // with what is advised
  int plays = 0;
};

// INVALID_ARGUMENT for a scene that cannot be played or is shorter than four hours. `progress` is told before
// each play of the search.
StatusOr<Suggestion> Suggest(const sim::Scene& scene, const Progress& progress,
                             int plays_max = kSuggestPlaysMax);

}  // namespace shadowd::lab
