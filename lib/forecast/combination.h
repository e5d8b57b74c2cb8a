// Several models as one forecast: linear models, exponential smoothing and a seasonal naive one a season,
// averaged. Values only; the caller owns the series they look at.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "forecast/linear_model.h"
#include "forecast/member_weights.h"
#include "forecast/smoothing.h"

namespace shadowd::forecast {

class Combination {
 public:
  Combination() = default;
  // One weight a member: first the linear ones, then the smoothing ones, then one a season.
  Combination(std::vector<LinearModel> linear, std::vector<Smoothing> smoothing, std::vector<int> seasons,
              std::vector<double> weights);
  Combination(std::vector<LinearModel> linear, std::vector<int> seasons, std::vector<double> weights)
      : Combination(std::move(linear), {}, std::move(seasons), std::move(weights)) {}

  // Weights that follow the members' errors, in the same order.
  Combination(std::vector<LinearModel> linear, std::vector<Smoothing> smoothing, std::vector<int> seasons,
              MemberWeights weights);

  const std::vector<LinearModel>& linear() const { return linear_; }
  const std::vector<Smoothing>& smoothing() const { return smoothing_; }
  size_t members() const { return weights_.members(); }
  const MemberWeights& weights() const { return weights_; }
  const std::vector<int>& seasons() const { return seasons_; }
  int LongestSeason() const { return seasons_.empty() ? 1 : seasons_.back(); }
  int MaxLag() const;

  // Expected values of the `horizon` steps after z's end; last_step is the label of z.back(). z is extended
  // while it works and comes back as it was.
  void Path(std::vector<double>& z, int64_t last_step, int horizon, std::vector<double>& path);
  // The path of one member alone.
  void MemberPath(size_t member, std::vector<double>& z, int64_t last_step, int horizon,
                  std::span<double> path);
  // The truth of z.back() has come; all but the naive members learn from it. `sigma` bounds what an outlier
  // can do.
  void Update(std::span<const double> z, int64_t last_step, double sigma, Memory memory = Memory::kLong);
  // Iterated forecasts stay near what was ever seen.
  void Widen(double z);

 private:
  std::vector<LinearModel> linear_;
  std::vector<Smoothing> smoothing_;
  std::vector<int> seasons_;
  MemberWeights weights_;
  std::vector<double> member_path_;  // scratch
  double lowest_ = std::numeric_limits<double>::infinity();
  double highest_ = -std::numeric_limits<double>::infinity();
};

}  // namespace shadowd::forecast
