// Watches observations against the limits that were predicted for them. A breach is one observation outside
// its limits; proximity is m of the last n observations that used more than a share of the way from the
// expected value to a limit. After a signal the same side is silent until an observation has come back well
// inside (hysteresis), so one excursion is one signal. Owned by the service's machine; pure.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "model/forecast.h"
#include "model/trigger.h"

namespace shadowd::forecast {

struct LimitSignal {
  model::TriggerKind kind = model::TriggerKind::kBreach;  // kBreach or kProximity
  bool upper = true;
  std::string evidence;  // one sentence with the numbers
};

class LimitMonitor {
 public:
  // proximity in (0, 1): share of the way to the limit; m of n, 1 <= m <= n.
  LimitMonitor(double proximity, int m, int n);

  std::optional<LimitSignal> Observe(double observed, const model::ForecastStep& predicted_for_it);

 private:
  struct Side {
    std::deque<bool> near;  // the last n
    bool quiet = false;     // signalled and not yet back inside
    bool quiet_breach = false;
  };
  std::optional<model::TriggerKind> Judge(Side& side, double way);

  double proximity_;
  int m_;
  int n_;
  Side upper_;
  Side lower_;
};

}  // namespace shadowd::forecast
