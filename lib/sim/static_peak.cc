#include "sim/static_peak.h"

#include <cmath>

namespace shadowd::sim {
namespace {

constexpr double kRound = 1e-9;  // keeps 3.0000000001 from being 4

}  // namespace

int StaticPeak::Decide(const PolicyView& view) {
  if (!level_) {
    double peak = 0;
    for (const double rps : view.log.demand_rps) {
      peak = std::fmax(peak, rps);  // ignores gaps
    }
    const double cores = peak * (1 + options_.head_room) * facts_.cpu_seconds_per_request;
    const double level = std::ceil(cores / (options_.target * facts_.cpu_request_cores) - kRound);
    level_ = peak > 0 ? static_cast<int>(level) : view.wanted;
  }
  return *level_;
}

}  // namespace shadowd::sim
