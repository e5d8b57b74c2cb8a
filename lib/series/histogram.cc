#include "series/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace shadowd::series {
namespace {

constexpr int kHalfMagnitude = 10;  // 1024 buckets an octave
constexpr int64_t kHalf = int64_t{1} << kHalfMagnitude;

size_t BucketOf(int64_t value) {
  const auto width = static_cast<int>(std::bit_width(static_cast<uint64_t>(value)));
  const int octave = std::max(0, width - (kHalfMagnitude + 1));
  return static_cast<size_t>(octave * kHalf + (value >> octave));
}

int64_t LowOf(size_t bucket) {
  const auto index = static_cast<int64_t>(bucket);
  const int64_t octave = std::max<int64_t>(0, index / kHalf - 1);
  return (index - octave * kHalf) << octave;
}

int64_t HighOf(size_t bucket) {
  return LowOf(bucket + 1) - 1;
}

}  // namespace

uint64_t* Histogram::Slot(size_t bucket) {
  uint16_t& page = page_of_[bucket / kPageBuckets];
  if (page == 0) {
    counts_.resize(counts_.size() + kPageBuckets, 0);
    page = static_cast<uint16_t>(counts_.size() / kPageBuckets);
  }
  return &counts_[(page - size_t{1}) * kPageBuckets + bucket % kPageBuckets];
}

const uint64_t* Histogram::PageAt(size_t page) const {
  return page_of_[page] == 0 ? nullptr : &counts_[(page_of_[page] - size_t{1}) * kPageBuckets];
}

void Histogram::Record(int64_t value_us, uint64_t count) {
  const int64_t value = std::clamp(value_us, kLowest, kHighest);
  if (count == 0) {
    return;
  }
  *Slot(BucketOf(value)) += count;
  count_ += count;
  clamped_ += value == value_us ? 0 : count;
  sum_us_ += static_cast<uint64_t>(value) * count;
  max_ = std::max(max_, value);
}

void Histogram::Merge(const Histogram& other) {
  for (size_t page = 0; page < kPages; ++page) {
    if (const uint64_t* theirs = other.PageAt(page)) {
      uint64_t* mine = Slot(page * kPageBuckets);
      for (size_t i = 0; i < kPageBuckets; ++i) {
        mine[i] += theirs[i];
      }
    }
  }
  count_ += other.count_;
  clamped_ += other.clamped_;
  sum_us_ += other.sum_us_;
  max_ = std::max(max_, other.max_);
}

void Histogram::Clear() {
  std::fill(counts_.begin(), counts_.end(), 0);
  count_ = clamped_ = sum_us_ = 0;
  max_ = 0;
}

int64_t Histogram::ValueAtQuantile(double quantile) const {
  if (count_ == 0) {
    return 0;
  }
  const double share = std::isnan(quantile) ? 1.0 : std::clamp(quantile, 0.0, 1.0);
  // The tolerance keeps 0.95 * 100 from asking for the 96th value by a rounding error.
  const double wanted = std::ceil(share * static_cast<double>(count_) * (1 - 1e-12));
  const auto rank = std::clamp<uint64_t>(static_cast<uint64_t>(wanted), 1, count_);
  uint64_t seen = 0;
  for (size_t page = 0; page < kPages; ++page) {
    const uint64_t* counts = PageAt(page);
    for (size_t i = 0; counts != nullptr && i < kPageBuckets; ++i) {
      seen += counts[i];
      if (seen >= rank) {
        return std::min(HighOf(page * kPageBuckets + i), max_);
      }
    }
  }
  return max_;
}

uint64_t Histogram::RankOf(int64_t value_us) const {
  if (value_us < kLowest) {
    return 0;
  }
  const size_t last = BucketOf(std::min(value_us, kHighest));
  uint64_t seen = 0;
  for (size_t page = 0; page <= last / kPageBuckets; ++page) {
    const uint64_t* counts = PageAt(page);
    for (size_t i = 0; counts != nullptr && i < kPageBuckets && page * kPageBuckets + i <= last; ++i) {
      seen += counts[i];
    }
  }
  return seen;
}

double Histogram::Mean() const {
  return count_ == 0 ? 0 : static_cast<double>(sum_us_) / static_cast<double>(count_);
}

void Histogram::ForEachBucket(const std::function<void(int64_t, int64_t, uint64_t)>& visit) const {
  for (size_t page = 0; page < kPages; ++page) {
    const uint64_t* counts = PageAt(page);
    for (size_t i = 0; counts != nullptr && i < kPageBuckets; ++i) {
      if (counts[i] > 0) {
        const size_t bucket = page * kPageBuckets + i;
        visit(LowOf(bucket), HighOf(bucket), counts[i]);
      }
    }
  }
}

bool Histogram::operator==(const Histogram& other) const {
  if (count_ != other.count_ || clamped_ != other.clamped_ || sum_us_ != other.sum_us_ ||
      max_ != other.max_) {
    return false;
  }
  for (size_t page = 0; page < kPages; ++page) {
    const uint64_t* mine = PageAt(page);
    const uint64_t* theirs = other.PageAt(page);
    for (size_t i = 0; i < kPageBuckets; ++i) {
      if ((mine != nullptr ? mine[i] : 0) != (theirs != nullptr ? theirs[i] : 0)) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace shadowd::series
