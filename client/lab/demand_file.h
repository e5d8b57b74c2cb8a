// The demand of a service from a file, whatever holds it: a CSV (trace_file.h), the telemetry.db of a daemon
// (also a copy of it; it is only read) or its journal. The kind is told by the first bytes, not by the name.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "sim/trace.h"

namespace shadowd::lab {

struct DemandQuestion {
  std::string path = {};
  std::string value_column = {};  // of a CSV
  // Whose demand, in files of the daemon; "" = that of the only service there.
  std::string service = {};
  Micros step = std::chrono::seconds(15);  // of a database's answer; a journal has its own windows
};

struct Demand {
  std::string name;  // for people: the file's, and the service's where the file names it
  std::vector<sim::TraceSample> samples;
};

// NOT_FOUND for a service that is not in the file, with those that are; INVALID_ARGUMENT for what is none of
// the three and for what cannot go together. A journal that was cut off counts up to there, a damaged file
// not at all.
StatusOr<Demand> ReadDemandFile(const DemandQuestion& question);

}  // namespace shadowd::lab
