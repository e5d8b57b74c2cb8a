#include "daemon/io/reading_event.h"

#include <cmath>

namespace shadowd::io {

ports::Payload EventOf(const kpi::Reading& reading) {
  constexpr double kServingMost = 10'000;
  if (!reading.replicas || !(*reading.replicas >= 0.5 && *reading.replicas <= kServingMost)) {
    return ports::DemandSample{reading.start + reading.length, reading.demand_rps.value_or(0)};
  }
  ports::ProductionWindow window;
  window.service = kpi::WindowOf(reading);
  window.serving = static_cast<int>(std::lround(*reading.replicas));
  return window;
}

}  // namespace shadowd::io
