#include "sim/target_tracking.h"

#include <algorithm>
#include <cmath>

namespace shadowd::sim {
namespace {

constexpr double kRound = 1e-9;  // keeps 3.0000000001 from being 4

}  // namespace

std::optional<double> RecentCpuCores(const DemandLog& log, Micros span) {
  const auto steps = static_cast<size_t>(std::max<int64_t>(1, span / log.step));
  double sum = 0;
  int known = 0;
  for (size_t i = log.size() - std::min(steps, log.size()); i < log.size(); ++i) {
    if (!std::isnan(log.cpu_cores[i])) {
      sum += log.cpu_cores[i];
      ++known;
    }
  }
  return known > 0 ? std::optional(sum / known) : std::nullopt;
}

int TargetTracking::Decide(const PolicyView& view) {
  const std::optional<double> cores = RecentCpuCores(view.log, interval());
  if (!cores || view.ready == 0) {
    above_ = below_ = 0;
    return view.wanted;
  }
  const double ratio = *cores / (view.ready * facts_.cpu_request_cores) / options_.target;
  above_ = ratio > 1 + kRound ? above_ + 1 : 0;
  below_ = ratio < options_.in_below ? below_ + 1 : 0;
  if (above_ >= options_.minutes_out) {
    const int asked = static_cast<int>(std::ceil(view.ready * ratio - kRound));
    if (asked > view.wanted) {  // while a larger order is on its way there is nothing to add
      last_out_ = view.now;
      return asked;
    }
    return view.wanted;
  }
  const auto cooled = [&](const std::optional<Micros>& last) {
    return !last || view.now - *last >= options_.cool_down;
  };
  if (below_ >= options_.minutes_in && cooled(last_out_) && cooled(last_in_)) {
    const int asked = std::max(1, static_cast<int>(std::ceil(view.ready * ratio - kRound)));
    const int most = std::max(1, static_cast<int>(options_.in_share_max * view.wanted));
    if (asked < view.wanted) {
      last_in_ = view.now;
      return std::max(asked, view.wanted - most);
    }
  }
  return view.wanted;
}

}  // namespace shadowd::sim
