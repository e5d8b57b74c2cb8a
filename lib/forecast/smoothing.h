// Exponential smoothing with up to two seasons and an error term that fades (Taylor 2003):
//
//   expected(h) = level + short[t + h] + long[t + h] + fade^h * e,   e = what the states left unexplained
//
// Every state moves by a share of the one-step error. The first seasons are means over the training part, the
// newest cycles counting most. An update is O(1). Pure value type.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "forecast/memory.h"

namespace shadowd::forecast {

struct SmoothingGains {
  double level = 0.1;
  double season = 0.2;
  double fade = 0.5;
  bool operator==(const SmoothingGains&) const = default;
};

class Smoothing {
 public:
  Smoothing() = default;
  // Starts from all of z; the seasons, at most two, are ascending and there twice. `first_step` labels z[0].
  Smoothing(std::span<const double> z, int64_t first_step, std::span<const int> seasons,
            SmoothingGains gains);
  // As it was kept.
  Smoothing(SmoothingGains gains, std::vector<std::vector<float>> seasons, double level, double left)
      : gains_(gains), seasons_(std::move(seasons)), level_(level), left_(left) {}

  // Expected values of the steps behind `last_step`.
  void Path(int64_t last_step, std::span<double> path) const;
  // The truth of `step` has come: the one behind the last it knows.
  void Update(int64_t step, double truth, Memory memory = Memory::kLong);

  const SmoothingGains& gains() const { return gains_; }
  double level() const { return level_; }
  double left() const { return left_; }  // e
  const std::vector<std::vector<float>>& seasons() const { return seasons_; }

 private:
  double Seasonal(int64_t step) const;

  SmoothingGains gains_;
  std::vector<std::vector<float>> seasons_;  // offsets by phase of the label; float: many
  double level_ = 0;
  double left_ = 0;
};

}  // namespace shadowd::forecast
