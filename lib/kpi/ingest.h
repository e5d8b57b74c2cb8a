// Batches that others push, as readings of services: windows of one length on the wall clock, each closed a
// moment after its end, so that what is under way still arrives. What is too old, in the future or one series
// too many is refused and counted; what no rule is about is left out and counted. Owned by one thread, or
// behind a lock; time is an argument.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "kpi/push_decoder.h"

namespace shadowd::kpi {

enum class Fate { kTaken, kNoRule, kTooOld, kInFuture, kTooManySeries, kNoValue, kNotUsable };
inline constexpr std::array kAllFates = {Fate::kTaken,    Fate::kNoRule,        Fate::kTooOld,
                                         Fate::kInFuture, Fate::kTooManySeries, Fate::kNoValue,
                                         Fate::kNotUsable};
const char* FateName(Fate fate);  // "taken" ...

// What became of the samples of a batch.
struct BatchOutcome {
  std::array<uint64_t, kAllFates.size()> samples{};
  std::string not_usable;  // why the first of them was not

  uint64_t Of(Fate fate) const { return samples[static_cast<size_t>(fate)]; }
  uint64_t refused() const;  // too old, in the future, too many series, not usable
  std::string Why() const;   // in words, "" where nothing was refused
};

class Ingest {
 public:
  struct Options {
    Micros interval = std::chrono::seconds(15);
    size_t series_max = 200'000;
  };
  Ingest(RuleTable rules, Options options, WallTime now);

  // The error is about the batch; what came before it in the batch is taken.
  StatusOr<BatchOutcome> TakeRemoteWrite(std::string_view message);
  StatusOr<BatchOutcome> TakeOtlp(std::string_view message);

  // The readings of all windows that are over. A clock that was set back brings nothing until it has caught
  // up.
  std::vector<std::pair<std::string, Reading>> Tick(WallTime now);

  size_t series() const { return book_.series(); }

 private:
  class Taker;
  int64_t WindowOf(WallTime at) const { return at.time_since_epoch() / options_.interval; }
  int64_t LastOver(WallTime now) const;

  Options options_;
  SeriesBook book_;
  int64_t closed_;
};

}  // namespace shadowd::kpi
