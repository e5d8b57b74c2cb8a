// The margin of one limit: the sum over the error scales of weight * k * scale. Every scale has a coefficient
// k of its own, which follows the outcomes: k += eta * (miss - wanted), so that each misses as often as it
// may whatever the errors' distribution (Gibbs & Candes 2021; Angelopoulos, Candes, Tibshirani 2023). Weights
// go by the pinball losses of late, w ~ (least / loss)^16 (expert advice as in Zaffran et al. 2022). Value
// type.
#pragma once

#include <array>
#include <span>

#include "forecast/error_scale.h"

namespace shadowd::forecast {

struct ScaledError {
  double error = 0;  // beyond what was expected, on the limit's side
  ErrorScales scales{};
};

class Margin {
 public:
  Margin() = default;
  // Split-conformal over errors of the past, times `optimism`: what they show of the next ones falls short.
  Margin(std::span<const ScaledError> past, double miss, double optimism);
  // The same coefficient for every scale.
  explicit Margin(double k) { k_.fill(k); }

  std::array<double, kErrorScales> Weighted() const;  // weight * k
  double Of(const ErrorScales& scales) const;
  void Observe(const ScaledError& outcome, double miss, double eta);
  // What was learnt since the last fit counts nine tenths.
  void Adopt(const Margin& fitted);

  const std::array<double, kErrorScales>& coefficients() const { return k_; }
  const std::array<double, kErrorScales>& losses() const { return loss_; }

 private:
  std::array<double, kErrorScales> k_{};
  std::array<double, kErrorScales> loss_{};
};

double Product(const std::array<double, kErrorScales>& weighted, const ErrorScales& scales);

}  // namespace shadowd::forecast
