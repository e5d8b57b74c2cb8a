#include "kpi/ingest.h"

#include <algorithm>

#include "kpi/otlp.h"
#include "kpi/remote_write.h"

namespace shadowd::kpi {
namespace {

constexpr Micros kGraceLeast = std::chrono::seconds(1);
constexpr Micros kGraceMost = std::chrono::seconds(10);

}  // namespace

const char* FateName(Fate fate) {
  switch (fate) {
    case Fate::kTaken:
      return "taken";
    case Fate::kNoRule:
      return "no_rule";
    case Fate::kTooOld:
      return "too_old";
    case Fate::kInFuture:
      return "in_future";
    case Fate::kTooManySeries:
      return "too_many_series";
    case Fate::kNoValue:
      return "no_value";
    case Fate::kNotUsable:
      return "not_usable";
  }
  return "";
}

uint64_t BatchOutcome::refused() const {
  return Of(Fate::kTooOld) + Of(Fate::kInFuture) + Of(Fate::kTooManySeries) + Of(Fate::kNotUsable);
}

std::string BatchOutcome::Why() const {
  std::string why;
  const auto add = [&why](uint64_t count, std::string_view what) {
    if (count > 0) {
      why += fmt::format("{}{} samples {}", why.empty() ? "" : "; ", count, what);
    }
  };
  add(Of(Fate::kTooOld), "are older than the present window, or than the last of their series");
  add(Of(Fate::kInFuture), "are ahead of the daemon's clock");
  add(Of(Fate::kTooManySeries), "are of more series than ingest.series_max, or than a service may have");
  add(Of(Fate::kNotUsable), "cannot be used: " + not_usable);
  return why;
}

class Ingest::Taker final : public SampleTaker {
 public:
  Taker(Ingest& ingest, BatchOutcome& outcome) : ingest_(ingest), outcome_(outcome) {}

  void Take(const SeriesSample& sample) override { TakeAny(sample); }
  void Take(const HistogramSample& sample) override { TakeAny(sample); }
  void Refuse(std::string_view why) override {
    if (outcome_.Of(Fate::kNotUsable) == 0) {
      outcome_.not_usable = why;
    }
    Count(Fate::kNotUsable);
  }

 private:
  template <typename Sample>
  void TakeAny(const Sample& sample) {
    const int64_t window = ingest_.WindowOf(sample.at);
    if (window > ingest_.closed_ + int64_t{SeriesBook::kOpenWindows}) {
      return Count(Fate::kInFuture);
    }
    if (window <= ingest_.closed_) {
      return Count(Fate::kTooOld);
    }
    switch (ingest_.book_.Add(sample, window)) {
      case Taken::kTaken:
        return Count(Fate::kTaken);
      case Taken::kNoRule:
        return Count(Fate::kNoRule);
      case Taken::kLate:
        return Count(Fate::kTooOld);
      case Taken::kTooManySeries:
        return Count(Fate::kTooManySeries);
      case Taken::kNoValue:
        return Count(Fate::kNoValue);
    }
  }
  void Count(Fate fate) { ++outcome_.samples[static_cast<size_t>(fate)]; }

  Ingest& ingest_;
  BatchOutcome& outcome_;
};

Ingest::Ingest(RuleTable rules, Options options, WallTime now)
    : options_(options), book_(std::move(rules), {.series_max = options.series_max}), closed_(0) {
  closed_ = LastOver(now);
}

// The newest window whose time, and that of its stragglers, is over.
int64_t Ingest::LastOver(WallTime now) const {
  return WindowOf(now - std::clamp<Micros>(options_.interval / 2, kGraceLeast, kGraceMost)) - 1;
}

StatusOr<BatchOutcome> Ingest::TakeRemoteWrite(std::string_view message) {
  BatchOutcome outcome;
  Taker taker(*this, outcome);
  SHADOWD_RETURN_IF_ERROR(ReadRemoteWrite(message, taker));
  return outcome;
}

StatusOr<BatchOutcome> Ingest::TakeOtlp(std::string_view message) {
  BatchOutcome outcome;
  Taker taker(*this, outcome);
  SHADOWD_RETURN_IF_ERROR(ReadOtlp(message, taker));
  return outcome;
}

std::vector<std::pair<std::string, Reading>> Ingest::Tick(WallTime now) {
  std::vector<std::pair<std::string, Reading>> readings;
  const int64_t over = LastOver(now);
  // A clock that was set on, or a daemon that slept, has nothing in the windows between.
  closed_ = std::max(closed_, over - int64_t{SeriesBook::kOpenWindows});
  while (closed_ < over) {
    ++closed_;
    for (auto& [service, reading] : book_.Close(closed_)) {
      reading.start = WallTime(closed_ * options_.interval);
      reading.length = options_.interval;
      readings.emplace_back(service, std::move(reading));
    }
  }
  return readings;
}

}  // namespace shadowd::kpi
