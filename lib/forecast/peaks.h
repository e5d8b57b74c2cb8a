// What past forecasts said about the peak of a window, and what came: conformal limits for the largest demand
// of a window, exact for the very window that is asked for. Keeps a bounded number of past paths; the truth
// is read from the series. Value type.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "forecast/fit.h"

namespace shadowd::forecast {

class Peaks {
 public:
  Peaks() = default;
  explicit Peaks(int horizon) : horizon_(static_cast<size_t>(horizon)) {}
  static constexpr size_t kMostOrigins = 40;

  void Adopt(const std::vector<Origin>& origins);
  // Keeps this path if the newest one kept is old enough.
  void Remember(int64_t last_step, double sigma, std::span<const double> path);
  void Forget();

  struct Scores {
    double mean = 0;   // in sigmas: realised peak - predicted peak
    double upper = 0;  // conformal quantile
    size_t count = 0;
  };
  // Steps first..last of the horizon, from 1. z.back() is step `last_step`.
  Scores For(std::span<const double> z, int64_t last_step, int first, int last, double coverage) const;

 private:
  struct Said {
    int64_t at_step = 0;
    float sigma = 0;
    int length = 0;  // of its path
  };
  void Keep(int64_t at_step, double sigma, std::span<const float> path);

  size_t horizon_ = 1;
  std::vector<Said> said_;    // oldest first
  std::vector<float> paths_;  // one behind the other, each in room for a horizon
};

}  // namespace shadowd::forecast
