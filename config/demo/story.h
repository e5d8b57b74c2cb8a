// What happened in one run of the demo, read from what the daemon said of itself (JSON of shadowctl) and what
// the users saw (the client's lines). Facts only; the telling is in tell.h.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/status.h"

namespace shadowd::demo {

struct Story {
  nlohmann::json decisions, trials, shadows, models, costs,
      forecast;  // arrays, oldest first; the last a resource
  struct Second {
    double time = 0, p95_ms = 0, expected_rps = 0;
    long sent = 0, ok = 0, errors = 0;
    bool over_slo = false;
  };
  std::vector<Second> users;
  double production_seconds = 0;  // of instances in the balancer, all together
  double slo_ms = 100;
  int shadows_left = 0;  // processes still there at the end
  int instances_left = 0;
};

// Reads decisions.json, trials.json ... client.jsonl, shadowd.log and left.txt of a directory. Errors name
// the file.
StatusOr<Story> ReadStory(const std::string& directory, double slo_ms);

// Decisions by kind: "CONFIRMED" ...; `out` chooses scale-outs (1), scale-ins (-1) or all (0).
int CountKind(const Story& story, const std::string& kind, int direction);
double ViolationSeconds(const Story& story);
nlohmann::json Report(const Story& story);

}  // namespace shadowd::demo
