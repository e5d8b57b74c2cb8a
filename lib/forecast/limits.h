// Prediction limits that learn from their misses. Each horizon block has an upper and a lower margin, which
// follow the outcome of the forecasts that were made for its probe step, when that step comes; between probe
// steps margins change with the logarithm of the horizon. The largest demand of the whole horizon has an
// upper margin of its own, since the largest of many steps exceeds a step's limit more often: the highest
// limit of a horizon is no lower than what that says. Value type.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "forecast/blocks.h"
#include "forecast/error_scale.h"
#include "forecast/margin.h"

namespace shadowd::forecast {

struct BlockMargins {
  Margin upper;
  Margin lower;
};

// What a fit begins with.
struct LimitsStart {
  ErrorScale scale;
  std::vector<BlockMargins> blocks;
  Margin peak;
};

class Limits {
 public:
  Limits() = default;
  Limits(int horizon, double coverage, LimitsStart start);

  // Of a later fit; what was learnt since the last one counts more, and the scale is kept.
  void Adopt(const LimitsStart& fitted);
  // A forecast for the steps after last_step was made.
  void Remember(int64_t last_step, std::span<const double> path);
  // The truth of `step` has come; `expected` is what the step before it predicted.
  struct Outcome {
    double error = 0;  // in sigmas
    bool held = true;
  };
  Outcome Observe(int64_t step, double expected, double truth);

  // Margins on the path after last_step, in its scale.
  void Margins(int64_t last_step, std::span<const double> path, double widening, std::vector<double>& up,
               std::vector<double>& down) const;
  double sigma() const { return scale_.sigma(); }

 private:
  struct Pending {
    int64_t step = std::numeric_limits<int64_t>::min();
    float expected = 0;
    ErrorScales scales{};
  };
  struct PendingPeak {
    Pending said;       // of the largest, at the label of the horizon's end
    float highest = 0;  // that came
  };
  void LearnPeaks(int64_t step, double truth);
  void LiftToPeak(int64_t last_step, std::span<const double> path, double widening,
                  std::vector<double>& up) const;

  int horizon_ = 1;
  double miss_ = 0.025;  // wanted on each side
  ErrorScale scale_;
  std::vector<BlockMargins> blocks_;
  Margin peak_;
  std::vector<std::vector<Pending>> pending_;  // per block, by SlotOf
  std::vector<PendingPeak> peaks_;             // by SlotOf
  std::vector<float> shares_;  // of each step: how far it lies from the probe step before to the next
};

}  // namespace shadowd::forecast
