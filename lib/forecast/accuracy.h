// How good past one-step forecasts were: share of limits that held, and the mean absolute error against the
// seasonal naive forecast's. Old outcomes fade. Value type.
#pragma once

#include <cmath>

namespace shadowd::forecast {

class Accuracy {
 public:
  // Demand of one step, what was expected, and what the same step of the last season was.
  void Observe(double truth, double expected, double seasonal_naive, bool held) {
    error_ = kMemory * error_ + std::abs(truth - expected);
    naive_ = kMemory * naive_ + std::abs(truth - seasonal_naive);
    held_ = kMemory * held_ + (held ? 1 : 0);
    weight_ = kMemory * weight_ + 1;
    ++samples_;
  }
  double Coverage() const { return weight_ > 0 ? held_ / weight_ : 0; }
  double Mase(double before) const { return samples_ >= kEnough && naive_ > 0 ? error_ / naive_ : before; }
  // Mean absolute error of the seasonal naive forecast, one step ahead; 0 until enough is known.
  double NaiveError() const { return samples_ >= kEnough ? naive_ / weight_ : 0; }
  int samples() const { return samples_; }

 private:
  static constexpr double kMemory = 0.999;
  static constexpr int kEnough = 20;
  double error_ = 0;
  double naive_ = 0;
  double held_ = 0;
  double weight_ = 0;
  int samples_ = 0;
};

}  // namespace shadowd::forecast
