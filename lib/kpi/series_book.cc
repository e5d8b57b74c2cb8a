#include "kpi/series_book.h"

#include <absl/hash/hash.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "kpi/number.h"

namespace shadowd::kpi {
namespace {

using model::SeriesKind;
using model::SeriesKpi;

constexpr Micros kForgotten = std::chrono::minutes(5);  // a counter not seen for longer begins anew
constexpr int64_t kPurgeEvery = 64;                     // windows
constexpr int64_t kKeptWindows = 240;

double Infinite() {
  return std::numeric_limits<double>::infinity();
}

}  // namespace

uint64_t SeriesBook::KeyOf(std::string_view metric, Labels labels) {
  // A sum, so that the order of labels does not matter.
  uint64_t key = absl::Hash<std::string_view>()(metric);
  for (const Label& label : labels) {
    key += absl::Hash<std::pair<std::string_view, std::string_view>>()({label.name, label.value});
  }
  return key;
}

SeriesBook::Series* SeriesBook::Find(std::string_view metric, Labels labels, SeriesKind hint, Taken* why) {
  const uint64_t key = KeyOf(metric, labels);
  if (const auto found = index_.find(key); found != index_.end()) {
    return &series_[found->second];
  }
  *why = Taken::kNoRule;
  if (strangers_.contains(key)) {
    return nullptr;
  }
  const auto match = rules_.Find(metric, labels, hint);
  if (!match) {
    if (strangers_.size() >= options_.series_max) {
      strangers_.clear();
    }
    strangers_.insert(key);
    return nullptr;
  }
  return Make(key, *match, labels, why);
}

SeriesBook::Series* SeriesBook::Make(uint64_t key, const RuleTable::Match& match, Labels labels, Taken* why) {
  Series made;
  made.key = key;
  made.kpi = match.kpi;
  made.kind = match.kind;
  made.scale = match.scale;
  made.requests_too = match.requests_too;
  if (match.kind == SeriesKind::kHistogram) {
    const std::string_view le = ValueOf(labels, "le");
    made.bound = le.empty() ? Infinite() : ParseDouble(le).value_or(std::nan("")) * match.scale;
  } else if (match.kpi == SeriesKpi::kLatency) {
    made.bound = ParseDouble(ValueOf(labels, "quantile")).value_or(std::nan(""));
  }
  if (std::isnan(made.bound)) {
    return nullptr;
  }
  *why = Taken::kTooManySeries;
  if (series_.size() >= options_.series_max) {
    return nullptr;
  }
  auto service = service_index_.find(match.service);
  if (service == service_index_.end()) {
    service = service_index_.emplace(match.service, static_cast<uint32_t>(services_.size())).first;
    services_.emplace_back().name = match.service;
  }
  made.service = service->second;
  if (services_[made.service].series.size() >= options_.series_per_service_max) {
    return nullptr;
  }
  const auto at = static_cast<uint32_t>(series_.size());
  services_[made.service].series.push_back(at);
  index_.emplace(key, at);
  return &series_.emplace_back(std::move(made));
}

SeriesBook::Share& SeriesBook::ShareOf(Series& series, int64_t window) {
  Share& share = series.shares[SlotOf(window)];
  if (share.window != window) {
    share = Share{};
    share.window = window;
  }
  series.last_window = std::max(series.last_window, window);
  services_[series.service].windows[SlotOf(window)] = window;
  return share;
}

void SeriesBook::Count(Series& series, const SeriesSample& sample, Share& share) {
  if (sample.delta) {
    const WallTime since = sample.start != WallTime() ? sample.start : series.known ? series.at : sample.at;
    share.added += sample.value;
    share.seconds += std::max(0.0, ToSeconds(sample.at - since));
  } else if (sample.start != WallTime() && series.known && sample.start > series.start &&
             sample.start >= series.at) {
    share.added += sample.value;  // began anew, and says when
    share.seconds += ToSeconds(sample.at - series.at);
  } else if (series.known && sample.at - series.at <= kForgotten) {
    share.added += sample.value >= series.value ? sample.value - series.value : sample.value;
    share.seconds += ToSeconds(sample.at - series.at);
  }
}

Taken SeriesBook::Add(const SeriesSample& sample, int64_t window) {
  Taken why = Taken::kTaken;
  Series* series = Find(sample.metric, sample.labels, sample.hint, &why);
  if (series == nullptr) {
    return why;
  }
  if (window <= closed_ || (series->known && sample.at <= series->at)) {
    return Taken::kLate;
  }
  if (!std::isfinite(sample.value) || (sample.value < 0 && series->kind != SeriesKind::kGauge)) {
    series->known = false;  // the mark of a series that ended, or nonsense
    return Taken::kNoValue;
  }
  Share& share = ShareOf(*series, window);
  if (series->kind != SeriesKind::kGauge) {
    Count(*series, sample, share);
  }
  share.last = sample.value;
  series->known = true;
  series->value = sample.value;
  series->at = sample.at;
  series->start = sample.start;
  return Taken::kTaken;
}

Taken SeriesBook::Add(const HistogramSample& sample, int64_t window) {
  Taken why = Taken::kTaken;
  Series* series = Find(sample.metric, sample.labels, SeriesKind::kHistogram, &why);
  if (series == nullptr) {
    return why;
  }
  if (window <= closed_ || (series->known && sample.at <= series->at)) {
    return Taken::kLate;
  }
  double total = 0;
  for (const double count : sample.counts) {
    total += count;
  }
  SeriesSample whole{sample.metric, sample.labels, SeriesKind::kHistogram, total, sample.at,
                     sample.start,  sample.delta};
  const bool anew =
      !series->known || total < series->value || (sample.start != WallTime() && sample.start > series->start);
  const bool counts = sample.delta || (series->known && (!anew || sample.start >= series->at));
  Share& share = ShareOf(*series, window);
  Count(*series, whole, share);
  Service& service = services_[series->service];
  if (series->kpi == SeriesKpi::kLatency && counts) {
    auto& [of, latency] = service.latency[SlotOf(window)];
    if (std::exchange(of, window) != window) {
      latency.Clear();
    }
    // Bounds may have moved: what was counted before is what was counted below the same bound.
    size_t old = 0;
    for (size_t i = 0; i < sample.counts.size() && i < sample.uppers.size(); ++i) {
      double before = 0;
      for (; !sample.delta && !anew && old < series->uppers.size() && series->uppers[old] <= sample.uppers[i];
           ++old) {
        before += series->counts[old];
      }
      latency.Add(sample.uppers[i] * series->scale, sample.counts[i] - before);
    }
  }
  series->known = true;
  series->value = total;
  series->at = sample.at;
  series->start = sample.start;
  series->uppers = sample.uppers;
  series->counts = sample.counts;
  return Taken::kTaken;
}

namespace {

// Sums that stay unknown until something is added.
void AddTo(std::optional<double>& sum, double value) {
  sum = sum.value_or(0) + value;
}

}  // namespace

Reading SeriesBook::ReadingOf(const Service& service, int64_t window) const {
  Reading reading;
  std::optional<double> errors;
  std::map<double, double> quantiles;
  std::map<double, double> cumulative;
  for (const uint32_t i : service.series) {
    const Series& series = series_[i];
    const Share& share = series.shares[SlotOf(window)];
    const bool counter = series.kind != SeriesKind::kGauge;
    if (share.window != window || (counter && share.seconds <= 0)) {
      continue;
    }
    const double value = series.scale * (counter ? share.added / share.seconds : share.last);
    switch (series.kpi) {
      case SeriesKpi::kRequests:
        AddTo(reading.demand_rps, value);
        break;
      case SeriesKpi::kErrors:
        AddTo(errors, value);
        if (series.requests_too) {
          AddTo(reading.demand_rps, value);
        }
        break;
      case SeriesKpi::kCpu:
        AddTo(reading.cpu_cores, value);
        break;
      case SeriesKpi::kMemory:
        AddTo(reading.memory_bytes, value);
        break;
      case SeriesKpi::kReplicas:
        AddTo(reading.replicas, value);
        break;
      case SeriesKpi::kLatency:
        if (series.requests_too && !series.uppers.empty()) {
          AddTo(reading.demand_rps, share.added / share.seconds);
        }
        if (series.kind == SeriesKind::kHistogram && series.uppers.empty()) {
          cumulative[series.bound] += share.added;
        } else if (series.kind == SeriesKind::kGauge) {
          quantiles[series.bound] = std::max(quantiles[series.bound], value);
        }
        break;
    }
  }
  Buckets latency;
  if (const auto& [of, whole] = service.latency[SlotOf(window)]; of == window) {
    latency = whole;
  }
  double below = 0;
  for (const auto& [bound, count] : cumulative) {
    latency.Add(bound, count - below);
    below = std::max(below, count);
  }
  constexpr double kMicrosPerSecond = 1e6;
  for (const double quantile : {0.5, 0.95, 0.99}) {
    const auto summary = quantiles.find(quantile);
    const auto value = latency.Quantile(quantile);
    if (value || summary != quantiles.end()) {
      reading.latency_us.emplace_back(quantile, kMicrosPerSecond * (value ? *value : summary->second));
    }
  }
  if (reading.demand_rps && errors) {
    reading.error_ratio = *reading.demand_rps > 0 ? std::clamp(*errors / *reading.demand_rps, 0.0, 1.0) : 0;
  }
  reading.demand_rps = Plausible(reading.demand_rps);
  return reading;
}

std::vector<std::pair<std::string, Reading>> SeriesBook::Close(int64_t window) {
  std::vector<std::pair<std::string, Reading>> readings;
  for (const auto& [name, index] : service_index_) {
    if (services_[index].windows[SlotOf(window)] == window) {
      readings.emplace_back(name, ReadingOf(services_[index], window));
    }
  }
  closed_ = std::max(closed_, window);
  if (window - purged_ >= kPurgeEvery || series_.size() >= options_.series_max) {
    Purge(window);
  }
  return readings;
}

// Series that ended long ago make room for others; services without any go too.
void SeriesBook::Purge(int64_t window) {
  purged_ = window;
  std::vector<Series> kept;
  std::vector<Service> services;
  index_.clear();
  service_index_.clear();
  for (Service& service : services_) {
    std::vector<uint32_t> members;
    for (const uint32_t i : service.series) {
      if (window - series_[i].last_window < kKeptWindows) {
        members.push_back(static_cast<uint32_t>(kept.size()));
        index_.emplace(series_[i].key, static_cast<uint32_t>(kept.size()));
        kept.push_back(std::move(series_[i]));
        kept.back().service = static_cast<uint32_t>(services.size());
      }
    }
    if (!members.empty()) {
      service.series = std::move(members);
      service_index_.emplace(service.name, static_cast<uint32_t>(services.size()));
      services.push_back(std::move(service));
    }
  }
  series_ = std::move(kept);
  services_ = std::move(services);
}

}  // namespace shadowd::kpi
