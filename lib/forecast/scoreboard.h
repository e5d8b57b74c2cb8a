// What became of published forecasts: each block's limits are held against the truth at its probe step, and
// the peak's limit against the largest demand of one window after another. Pinball loss and interval score:
// Gneiting and Raftery, "Strictly proper scoring rules", 2007. Old outcomes fade. Value type; memory grows
// with the horizon only.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "base/time.h"
#include "model/forecast.h"

namespace shadowd::forecast {

class Scoreboard {
 public:
  // coverage of the two-sided limits, in (0, 1).
  Scoreboard(int horizon_steps, double coverage);

  // A forecast was published; its steps follow the last observation.
  void Remember(const model::Forecast& forecast);
  // The truth of the step that begins at `at`, a step long.
  void Observe(WallTime at, Micros step, double rps);
  // Writes what is known into the blocks and the peak. `naive_rps` is the seasonal naive one-step error that
  // MASE and MSIS are scaled by; 0 = unknown.
  void Publish(double naive_rps, model::Forecast& forecast) const;

 private:
  struct Pending {
    WallTime at;
    float expected = 0, lower = 0, upper = 0;
  };
  struct Block {
    std::deque<Pending> pending;  // as long as its probe step is far
    int samples = 0;
    double inside = 0, above = 0, error = 0, pinball = 0, interval = 0;  // means, old outcomes fade
  };
  struct OpenPeak {
    WallTime from, until;
    double upper = 0;
    double highest = 0;
  };

  void Score(const Pending& said, double truth, Block& block) const;

  int horizon_;
  double miss_;  // 1 - coverage
  std::vector<Block> blocks_;
  std::optional<OpenPeak> peak_;
  int peaks_ = 0;
  double peaks_below_ = 0;
};

}  // namespace shadowd::forecast
