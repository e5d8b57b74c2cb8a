// Production by the pages of its instances: a round reads each, and rules make KPIs of their series. A page
// that does not answer is missing, and its counters go on when it comes back. Used by one thread at a time.
#pragma once

#include <string>
#include <vector>

#include "daemon/io/telemetry_source.h"
#include "kpi/series_book.h"
#include "model/service.h"

namespace shadowd::io {

class ScrapeSource final : public TelemetrySource {
 public:
  explicit ScrapeSource(const model::ServiceSpec& spec);

  Micros interval() const override { return interval_; }
  Polled Poll(HttpClient& client, WallTime now) override;

 private:
  Status Scrape(HttpClient& client, const model::HttpServer& target, WallTime now, Micros* retry_after);

  model::ScrapeSource source_;
  Micros interval_;
  kpi::SeriesBook book_;
  int64_t round_ = 0;
  WallTime last_;  // of the last round; the epoch: there was none
};

}  // namespace shadowd::io
