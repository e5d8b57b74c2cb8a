// How much each member of a combination counts, per horizon block: w ~ (least error / error)^4, by the mean
// absolute errors that past forecasts of the block's probe step made, old ones fading (Bates & Granger 1969
// with discounting). Between probe steps the weights change linearly. Or fixed ones, which stay. Value type.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "forecast/memory.h"

namespace shadowd::forecast {

class MemberWeights {
 public:
  MemberWeights() = default;
  explicit MemberWeights(std::vector<double> fixed);  // one a member, the same at every horizon
  // What members erred by on past origins: [block][member].
  MemberWeights(int horizon, std::vector<std::vector<double>> errors);

  size_t members() const { return weights_.empty() ? 0 : weights_[0].size(); }
  bool Counts(size_t member) const {
    return counts_[member];
  }  // at some horizon; the others need not be asked
  // Adds a member's path, weighted, to `sum`, and keeps what it said of the probe steps.
  void Add(size_t member, int64_t last_step, std::span<const double> path, std::vector<double>& sum);
  // The truth of `step` has come.
  void Observe(int64_t step, double truth, Memory memory = Memory::kLong);
  std::span<const double> OfBlock(size_t block) const { return weights_[block]; }
  const std::vector<std::vector<double>>& errors() const { return errors_; }

 private:
  struct Probe {
    std::vector<int64_t> steps;  // by label modulo how far it lies ahead
    std::vector<float> said;     // of all members
  };
  void FindThoseThatCount();

  int horizon_ = 0;  // 0 = fixed
  std::vector<std::vector<double>> errors_;
  std::vector<std::vector<double>> weights_;
  std::vector<Probe> probes_;
  std::vector<bool> counts_;
};

// Shares by mean absolute error; members that err twice as much as the best one have none.
std::vector<double> Weigh(const std::vector<double>& errors);

}  // namespace shadowd::forecast
