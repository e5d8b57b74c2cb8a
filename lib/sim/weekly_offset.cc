#include "sim/weekly_offset.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "sim/target_tracking.h"

namespace shadowd::sim {
namespace {

// The most CPU in [from, from + span); NaN when the log knows nothing of it.
double MaxCpuCores(const DemandLog& log, WallTime from, Micros span) {
  const int64_t first = std::max<int64_t>((from - log.start) / log.step, 0);
  const int64_t last =
      std::min<int64_t>((from + span - log.start) / log.step, static_cast<int64_t>(log.size()));
  double most = std::nan("");
  for (int64_t i = first; i < last; ++i) {
    most = std::fmax(most, log.cpu_cores[static_cast<size_t>(i)]);
  }
  return most;
}

}  // namespace

int WeeklyOffset::Decide(const PolicyView& view) {
  const Micros week = std::chrono::days(7);
  const Micros offset = view.wall - week >= view.log.start ? week : Micros(std::chrono::days(1));
  const double then = MaxCpuCores(view.log, view.wall - offset, options_.look_ahead);
  const std::optional<double> now = RecentCpuCores(view.log, options_.now_span);
  if (!now && std::isnan(then)) {
    return view.wanted;
  }
  const double target = options_.target * facts_.cpu_request_cores;
  const int current = static_cast<int>(view.instances.size());
  int desired = 0;
  for (const double cores : {now.value_or(std::nan("")), then}) {
    if (!std::isnan(cores)) {
      desired = std::max(desired, HpaReplicasOfTotal(cores, target, current, options_.behaviour.tolerance));
    }
  }
  if (!now && desired < view.wanted) {  // half of what it looks at is missing
    return view.wanted;
  }
  return behaviour_.Limit(view.now, view.wanted, desired);
}

}  // namespace shadowd::sim
