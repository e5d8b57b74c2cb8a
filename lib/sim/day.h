// A seeded day of one service in a World where things go wrong (faults.h) and callers ask for anything: new
// versions, one of them broken, other bounds and modes, proposals, cancels, freezes, deletion. Production at
// window level, so a day takes a fraction of a second. When the faults end there is a quiet time, and then
// all must be at rest. The rules of invariants.h hold throughout. Pure and seeded: the same options give the
// same report.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "sim/faults.h"
#include "sim/invariants.h"
#include "sim/load_table.h"
#include "sim/memory.h"
#include "sim/plant.h"

namespace shadowd::sim {

struct DayOptions {
  uint64_t seed = 1;
  Micros length = std::chrono::hours(24);    // in which things go wrong
  Micros quiet = std::chrono::minutes(100);  // after it
  FaultRates faults;
  double calls_per_hour = 2;
  double call_in_trial = 0.08;     // per 15 s of a trial; or a death, or a jump of the clock
  size_t journal_lines = 60;       // to report
  std::shared_ptr<Memory> memory;  // none: a double of the store
};

struct DayReport {
  std::vector<Violation> violations;
  std::vector<std::string> journal;  // the last transitions
  int deaths = 0;                    // of the daemon
  int trials = 0;
  int decisions = 0;
  int starts = 0;  // of replicas
  uint64_t steps = 0;
  uint64_t disk_refusals = 0;
  double shadow_seconds = 0;
};

PlantOptions DayPlant();
// A table for any number of days.
LoadTable DayTable();

DayReport PlayDay(const DayOptions& options, LoadTable& table);

// What to print of a day that broke a rule: its seed, the rules, and the last transitions.
std::string Describe(const DayOptions& options, const DayReport& report);

}  // namespace shadowd::sim
