// Latency histogram with HdrHistogram's bucket rule at 3 significant digits over 1 us .. 60 s: values below
// 2048 us have a bucket each, above that every octave has 1024, so a value is known to 0.1 %. Value type
// owned by whoever measures; not synchronised. Recording is O(1); memory grows by pages of 64 buckets as
// values first fall into them and is kept by Clear, so a steady workload allocates nothing. Values out of
// range are clamped and counted. Merging is exact: the histogram of a union is the sum of the histograms.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace shadowd::series {

class Histogram {
 public:
  static constexpr int64_t kLowest = 1;
  static constexpr int64_t kHighest = 60'000'000;

  void Record(int64_t value_us) { Record(value_us, 1); }
  void Record(int64_t value_us, uint64_t count);
  void Merge(const Histogram& other);
  void Clear();

  uint64_t Count() const { return count_; }
  uint64_t Clamped() const { return clamped_; }
  // The smallest recorded value (to its bucket's upper edge, never above Max) with at least quantile * Count
  // values at or below it. 0 when empty.
  int64_t ValueAtQuantile(double quantile) const;
  // How many recorded values are not above `value_us`'s bucket; exact, since buckets are counted whole.
  uint64_t RankOf(int64_t value_us) const;
  double Mean() const;  // of the clamped values; 0 when empty
  int64_t Max() const { return max_; }
  // Ascending, occupied buckets only. Values of a bucket lie in [low, high].
  void ForEachBucket(const std::function<void(int64_t low, int64_t high, uint64_t count)>& visit) const;

  // Equal when they counted the same, however they came to it.
  bool operator==(const Histogram& other) const;

 private:
  static constexpr size_t kPageBuckets = 64;
  static constexpr size_t kPages = 17 * 1024 / kPageBuckets;
  uint64_t* Slot(size_t bucket);              // allocates the page
  const uint64_t* PageAt(size_t page) const;  // null when never used

  std::array<uint16_t, kPages> page_of_{};  // 1 + position in counts_, in pages; 0 = not allocated
  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  uint64_t clamped_ = 0;
  uint64_t sum_us_ = 0;
  int64_t max_ = 0;
};

}  // namespace shadowd::series
