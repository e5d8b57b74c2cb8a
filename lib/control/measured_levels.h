// What trials of late have settled, so that a level already measured for this version at this load is not
// measured again. A version that holds at a load holds at any smaller one; one that fails fails at any
// larger. Kept with the model, so a restart does not lose it. Owned by ServiceMachine; pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/learnt.h"
#include "model/trial.h"

namespace shadowd::control {

class MeasuredLevels {
 public:
  void Restore(std::vector<model::MeasuredLevel> levels) { levels_ = std::move(levels); }
  void Remember(const std::string& version, const std::vector<model::Arm>& arms, WallTime at);

  // The verdict that a fresh measurement gives for this load per instance, if one does. What comes from the
  // future, by a clock that was set back, is not fresh.
  std::optional<model::ArmVerdict> Find(const std::string& version, double load_rps, WallTime now,
                                        Micros fresh) const;
  const std::vector<model::MeasuredLevel>& levels() const { return levels_; }

 private:
  std::vector<model::MeasuredLevel> levels_;  // newest last, bounded
};

}  // namespace shadowd::control
