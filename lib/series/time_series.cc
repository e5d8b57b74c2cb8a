#include "series/time_series.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace shadowd::series {
namespace {

constexpr int kRowToBelieve = 3;
constexpr float kGap = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TimeSeries::TimeSeries(Micros step, size_t capacity, Reduce reduce, int64_t max_gap_steps)
    : step_(step), reduce_(reduce), max_gap_steps_(max_gap_steps), values_(capacity, kGap) {
  SHADOWD_CHECK(step > Micros(0) && capacity > 0 && max_gap_steps > 0);
}

int64_t TimeSeries::StepOf(WallTime at) const {
  const int64_t us = ToMicros(at);
  const int64_t step = step_.count();
  return us / step - (us % step < 0 ? 1 : 0);
}

WallTime TimeSeries::StartOf(size_t i) const {
  const int64_t step = last_step_ - static_cast<int64_t>(size_) + 1 + static_cast<int64_t>(i);
  return WallFromMicros(step * step_.count());
}

void TimeSeries::Push(float value) {
  present_ += std::isnan(value) ? 0 : 1;
  if (size_ < values_.size()) {
    Slot(size_++) = value;
    return;
  }
  present_ -= std::isnan(values_[head_]) ? 0 : 1;
  values_[head_] = value;
  head_ = (head_ + 1) % values_.size();
}

// A row of doubtful samples counts only when they are in order and close to each other.
bool TimeSeries::Believed(int64_t step) {
  const bool follows = suspect_row_ > 0 && step >= suspect_step_ && step - suspect_step_ <= max_gap_steps_;
  if (!follows) {
    suspect_row_ = 1;
  } else if (step > suspect_step_) {
    ++suspect_row_;
  }
  suspect_step_ = step;
  return suspect_row_ >= kRowToBelieve;
}

AddResult TimeSeries::AddNewer(int64_t step, double value) {
  const int64_t ahead = step - last_step_;
  if (size_ > 0 && ahead > max_gap_steps_ && !Believed(step)) {
    ++ignored_;
    return AddResult::kIgnored;
  }
  suspect_row_ = 0;
  if (size_ > 0 && ahead > static_cast<int64_t>(values_.size())) {
    Clear();
  }
  for (int64_t gap = 1; size_ > 0 && gap < ahead; ++gap) {
    Push(kGap);
  }
  last_step_ = step;
  Push(static_cast<float>(value));
  in_newest_ = 1;
  newest_sum_ = value;
  return AddResult::kNewStep;
}

AddResult TimeSeries::AddLate(int64_t step, double value) {
  const int64_t back = last_step_ - step;
  if (back < static_cast<int64_t>(size_)) {
    float& slot = Slot(size_ - 1 - static_cast<size_t>(back));
    if (std::isnan(slot)) {
      slot = static_cast<float>(value);
      ++present_;
      suspect_row_ = 0;
      return AddResult::kFilled;
    }
  }
  ++ignored_;
  if (!Believed(step)) {
    return AddResult::kIgnored;
  }
  suspect_row_ = 0;
  last_step_ = step;
  Push(static_cast<float>(value));
  in_newest_ = 1;
  newest_sum_ = value;
  return AddResult::kRebased;
}

AddResult TimeSeries::Add(WallTime at, double value) {
  if (!std::isfinite(value) || std::abs(value) > static_cast<double>(std::numeric_limits<float>::max())) {
    ++ignored_;
    return AddResult::kIgnored;
  }
  const int64_t step = StepOf(at);
  if (size_ == 0 || step > last_step_) {
    return AddNewer(step, value);
  }
  if (step < last_step_) {
    return AddLate(step, value);
  }
  ++in_newest_;
  newest_sum_ += value;
  float& newest = Slot(size_ - 1);
  if (reduce_ == Reduce::kMax) {
    newest = std::max(newest, static_cast<float>(value));
  } else {
    newest = static_cast<float>(reduce_ == Reduce::kSum ? newest_sum_ : newest_sum_ / in_newest_);
  }
  suspect_row_ = 0;
  return AddResult::kReduced;
}

std::vector<float> TimeSeries::Newest(size_t count) const {
  const size_t kept = std::min(count, size_);
  const size_t begin = (head_ + size_ - kept) % values_.size();
  const size_t straight = std::min(kept, values_.size() - begin);
  std::vector<float> newest(kept);
  std::copy_n(values_.begin() + static_cast<std::ptrdiff_t>(begin), straight, newest.begin());
  std::copy_n(values_.begin(), kept - straight, newest.begin() + static_cast<std::ptrdiff_t>(straight));
  return newest;
}

void TimeSeries::Clear() {
  std::fill(values_.begin(), values_.end(), kGap);
  head_ = size_ = present_ = 0;
  in_newest_ = 0;
  suspect_row_ = 0;
}

}  // namespace shadowd::series
