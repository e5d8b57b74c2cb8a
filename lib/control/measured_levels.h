// What trials of late have settled, so that a level already measured for this version at this load is not
// measured again. A version that holds at a load holds at any smaller one; one that fails fails at any
// larger. Owned by ServiceMachine; pure.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/trial.h"

namespace shadowd::control {

class MeasuredLevels {
 public:
  void Remember(const std::string& version, const std::vector<model::Arm>& arms, MonoTime at);

  // The verdict that a fresh measurement gives for this load per instance, if one does.
  std::optional<model::ArmVerdict> Find(const std::string& version, double load_rps, MonoTime now,
                                        Micros fresh) const;
  void Clear() { entries_.clear(); }

 private:
  struct Entry {
    std::string version;
    double load_rps = 0;
    model::ArmVerdict verdict;
    MonoTime at;
  };
  std::deque<Entry> entries_;  // newest last, bounded
};

}  // namespace shadowd::control
