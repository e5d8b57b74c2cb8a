// Series of others, sample by sample, as readings of services, window by window: counters become rates (a
// counter that falls has begun anew), histograms become quantiles, gauges are summed over their series. Which
// window a sample belongs to is the caller's to say; windows are numbered and closed in order, and two may be
// open. Series are told apart by a 64-bit hash of name and labels. Owned by one thread; no IO.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "kpi/buckets.h"
#include "kpi/reading.h"
#include "kpi/rule_table.h"

namespace shadowd::kpi {

struct SeriesSample {
  std::string_view metric;
  Labels labels;
  model::SeriesKind hint = model::SeriesKind::kAuto;
  double value = 0;
  WallTime at;
  // What counters begin at, where the protocol tells: a new one means that it began anew. The epoch =
  // unknown.
  WallTime start;
  bool delta = false;  // the value is what was added since `start`
};

// A histogram that comes as one: counts by upper bounds, the last bound infinite.
struct HistogramSample {
  std::string_view metric;
  Labels labels;
  std::vector<double> uppers;
  std::vector<double> counts;
  WallTime at;
  WallTime start;
  bool delta = false;
};

enum class Taken { kTaken, kNoRule, kLate, kTooManySeries, kNoValue };

class SeriesBook {
 public:
  static constexpr size_t kOpenWindows = 4;

  struct Options {
    size_t series_max = 200'000;
    size_t series_per_service_max = 10'000;
  };
  SeriesBook(RuleTable rules, Options options) : rules_(std::move(rules)), options_(options) {}

  Taken Add(const SeriesSample& sample, int64_t window);
  Taken Add(const HistogramSample& sample, int64_t window);

  // The readings of a window, and no sample is taken for it, or for one before it, any more. A service
  // without a sample in it has none; one without requests has a reading without demand. Time and length are
  // the caller's.
  std::vector<std::pair<std::string, Reading>> Close(int64_t window);

  size_t series() const { return index_.size(); }

 private:
  // What a series did in a window.
  struct Share {
    int64_t window = -1;
    double added = 0;
    double seconds = 0;
    double last = 0;
  };
  struct Series {
    uint64_t key = 0;
    uint32_t service = 0;
    model::SeriesKpi kpi = model::SeriesKpi::kRequests;
    model::SeriesKind kind = model::SeriesKind::kGauge;
    double scale = 1;
    bool requests_too = false;
    double bound = 0;  // of a bucket; the quantile of a summary
    bool known = false;
    double value = 0;
    WallTime at;
    WallTime start;
    int64_t last_window = -1;
    std::array<Share, kOpenWindows> shares;
    std::vector<double> uppers, counts;  // of a whole histogram
  };
  struct Service {
    std::string name;
    std::vector<uint32_t> series;
    std::array<int64_t, kOpenWindows> windows{-1, -1, -1, -1};        // that have a sample
    std::array<std::pair<int64_t, Buckets>, kOpenWindows> latency{};  // of whole histograms
  };

  static size_t SlotOf(int64_t window) { return static_cast<size_t>(window) % kOpenWindows; }
  static uint64_t KeyOf(std::string_view metric, Labels labels);
  Series* Find(std::string_view metric, Labels labels, model::SeriesKind hint, Taken* why);
  Series* Make(uint64_t key, const RuleTable::Match& match, Labels labels, Taken* why);
  Share& ShareOf(Series& series, int64_t window);
  void Count(Series& series, const SeriesSample& sample, Share& share);
  Reading ReadingOf(const Service& service, int64_t window) const;
  void Purge(int64_t window);

  RuleTable rules_;
  Options options_;
  absl::flat_hash_map<uint64_t, uint32_t> index_;
  absl::flat_hash_set<uint64_t> strangers_;  // series that no rule is about
  std::vector<Series> series_;
  std::vector<Service> services_;
  std::map<std::string, uint32_t, std::less<>> service_index_;
  int64_t closed_ = -1;
  int64_t purged_ = 0;
};

}  // namespace shadowd::kpi
