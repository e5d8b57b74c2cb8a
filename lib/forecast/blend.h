// The models' own path and what a coarser scale expects, as one path. Three opinions: the own path, the
// coarse one, and the coarse one moved by how far demand lies from it now. Each horizon block weighs them by
// their errors of late: w ~ (least error / error)^4. Until a block has seen enough outcomes the own path
// stands alone. Value type.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace shadowd::forecast {

class Blend {
 public:
  Blend() = default;
  explicit Blend(int horizon);

  // `path` for the steps after last_step, own on entry, blended on return. `coarse` is as long, in the same
  // scale; where it is empty nothing changes.
  void Mix(int64_t last_step, std::span<const double> coarse, std::vector<double>& path);
  // The truth of `step` has come.
  void Observe(int64_t step, double truth);
  double OwnWeight(size_t block) const { return WeightsOf(block)[0]; }

 private:
  static constexpr size_t kOpinions = 3;
  using Opinions = std::array<double, kOpinions>;
  struct Pending {
    int64_t step = 0;
    Opinions said{};
  };
  struct Block {
    Opinions error{};  // mean absolute, smoothed
    int outcomes = 0;
    std::deque<Pending> pending;  // as long as its probe step is far
  };

  Opinions WeightsOf(size_t block) const;

  int horizon_ = 1;
  std::vector<Block> blocks_;
  int64_t coarse_step_ = 0;  // the step that coarse_next_ was said of
  double coarse_next_ = 0;
  double offset_ = 0;  // of demand over the coarse path, smoothed
};

}  // namespace shadowd::forecast
