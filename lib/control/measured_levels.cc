#include "control/measured_levels.h"

namespace shadowd::control {
namespace {

constexpr std::ptrdiff_t kLevelsMax = 64;
constexpr double kLoadTolerance = 1.02;  // loads this close are the same

}  // namespace

void MeasuredLevels::Remember(const std::string& version, const std::vector<model::Arm>& arms, WallTime at) {
  for (const model::Arm& arm : arms) {
    if (arm.role == model::ArmRole::kCandidate && arm.verdict.slo != model::SloAxis::kUnknown &&
        !arm.cached) {
      levels_.push_back({version, arm.load_rps, at, arm.verdict});
    }
  }
  if (std::ssize(levels_) > kLevelsMax) {
    levels_.erase(levels_.begin(), levels_.end() - kLevelsMax);
  }
}

std::optional<model::ArmVerdict> MeasuredLevels::Find(const std::string& version, double load_rps,
                                                      WallTime now, Micros fresh) const {
  for (auto entry = levels_.rbegin(); entry != levels_.rend(); ++entry) {
    if (entry->version != version || now - entry->at > fresh || entry->at > now) {
      continue;
    }
    const bool holds =
        entry->verdict.slo == model::SloAxis::kHolds && load_rps <= entry->load_rps * kLoadTolerance;
    const bool fails =
        entry->verdict.slo == model::SloAxis::kFails && load_rps * kLoadTolerance >= entry->load_rps;
    if (holds || fails) {
      return entry->verdict;
    }
  }
  return std::nullopt;
}

}  // namespace shadowd::control
