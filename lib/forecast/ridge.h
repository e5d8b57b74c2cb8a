// Ridge regression by normal equations: the sums over the rows are made once, each penalty then costs one
// factorisation. Used by FitModels only; Eigen stays in the .cc.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "forecast/linear_model.h"

namespace shadowd::forecast {

class Ridge {
 public:
  // Rows are the steps [begin, end) of z; `first_step` labels z[0]. Needs begin < end.
  Ridge(Features features, std::span<const double> z, size_t begin, size_t end, int64_t first_step);
  ~Ridge();
  Ridge(Ridge&&) noexcept;
  Ridge& operator=(Ridge&&) noexcept;

  // Rows whose error is beyond two deviations weigh less, by the distance (Huber 1964): one pass.
  void DiscountOutliers();

  // lambda is relative to the number of rows and to the size of each feature.
  LinearModel Solve(double lambda) const;
  // With some of the lags alone, from the same sums.
  LinearModel Solve(double lambda, const std::vector<int>& lags) const;

 private:
  struct Sums;
  std::unique_ptr<Sums> sums_;
};

}  // namespace shadowd::forecast
