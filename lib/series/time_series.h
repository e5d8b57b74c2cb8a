// A regular series: one float32 value a step, NaN where nothing was measured. Irregular samples are put into
// the step in which they lie and reduced by mean, sum or maximum. Bounded ring: the oldest steps go first.
// Owned by one thread; value type. What it promises about a bad clock: a lone sample from far ahead changes
// nothing, three in a row are believed (the steps between become a gap); a clock that was set back is noticed
// by a row of samples that are all late and in order among themselves, and then the labels of the past are
// shifted, so that the series goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace shadowd::series {

enum class Reduce { kMean, kSum, kMax };

enum class AddResult {
  kNewStep,  // opened the next step, or one after a gap
  kReduced,  // joined the newest step
  kFilled,   // a late sample for a step that had none
  kIgnored,  // late for a step that has its value, too old, not finite, or not yet believed
  kRebased,  // the clock was set back; labels of the past have moved
};

class TimeSeries {
 public:
  TimeSeries(Micros step, size_t capacity, Reduce reduce, int64_t max_gap_steps);

  AddResult Add(WallTime at, double value);

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  size_t capacity() const { return values_.size(); }
  Micros step() const { return step_; }
  // i = 0 is the oldest step kept.
  float operator[](size_t i) const { return values_[(head_ + i) % values_.size()]; }
  std::vector<float> Newest(size_t count) const;  // oldest first; fewer where fewer are kept
  WallTime StartOf(size_t i) const;
  WallTime first() const { return StartOf(0); }
  WallTime last() const { return StartOf(size_ - 1); }
  size_t present() const { return present_; }  // steps that are not gaps
  uint64_t ignored() const { return ignored_; }
  void Clear();

 private:
  int64_t StepOf(WallTime at) const;
  void Push(float value);
  AddResult AddNewer(int64_t step, double value);
  AddResult AddLate(int64_t step, double value);
  bool Believed(int64_t step);
  float& Slot(size_t i) { return values_[(head_ + i) % values_.size()]; }

  Micros step_;
  Reduce reduce_;
  int64_t max_gap_steps_;
  std::vector<float> values_;
  size_t head_ = 0;
  size_t size_ = 0;
  size_t present_ = 0;
  int64_t last_step_ = 0;   // label of the newest step, in steps since the epoch
  uint32_t in_newest_ = 0;  // samples reduced into the newest step
  double newest_sum_ = 0;
  int64_t suspect_step_ = 0;  // newest of a row of samples that the clock makes doubtful
  int suspect_row_ = 0;
  uint64_t ignored_ = 0;
};

}  // namespace shadowd::series
