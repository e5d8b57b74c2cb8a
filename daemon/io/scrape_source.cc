#include "daemon/io/scrape_source.h"

#include <algorithm>

#include "daemon/io/http_client.h"
#include "daemon/io/reading_event.h"
#include "kpi/exposition.h"
#include "model/presets.h"

namespace shadowd::io {
namespace {

constexpr size_t kPageBytesMax = 16 << 20;
constexpr size_t kPageSamplesMax = 100'000;
constexpr size_t kLabelsMax = 64;

}  // namespace

ScrapeSource::ScrapeSource(const model::ServiceSpec& spec)
    : source_(*spec.telemetry.scrape),
      interval_(source_.interval > Micros(0)
                    ? source_.interval
                    : std::max<Micros>(spec.forecast.resolution, std::chrono::seconds(1))),
      book_(kpi::RuleTable(model::RulesOf(source_)), {}) {}

Status ScrapeSource::Scrape(HttpClient& client, const model::HttpServer& target, WallTime now,
                            Micros* retry_after) {
  SHADOWD_ASSIGN_OR_RETURN(const HttpAnswer answer, client.Get(target, "", kPageBytesMax));
  *retry_after = std::max(*retry_after, answer.retry_after);
  SHADOWD_RETURN_IF_ERROR(StatusOfAnswer(answer, target.url));
  bool crowded = false;
  std::vector<kpi::Label> labels;
  const Status read = kpi::ReadExposition(answer.body, kPageSamplesMax, [&](const kpi::SeriesSample& sample) {
    kpi::SeriesSample taken = sample;
    labels.assign(sample.labels.begin(), sample.labels.end());
    labels.push_back({"instance", target.url});  // the same series of two instances are two
    taken.labels = labels;
    taken.at = now;
    crowded = book_.Add(taken, round_) == kpi::Taken::kTooManySeries || crowded;
  });
  if (!read.ok()) {
    return Annotate(read, target.url);
  }
  return crowded ? WithReason(ResourceExhausted("{}: too many series for the rules", target.url),
                              "TOO_MANY_SERIES")
                 : absl::OkStatus();
}

Polled ScrapeSource::Poll(HttpClient& client, WallTime now) {
  Polled polled;
  ++round_;
  int answered = 0;
  for (const model::HttpServer& target : source_.targets) {
    const Status scraped = Scrape(client, target, now, &polled.retry_after);
    answered += scraped.ok() ? 1 : 0;
    polled.status.Update(scraped);
  }
  const bool first = last_ == WallTime();
  const Micros length = now - last_;
  last_ = now;
  for (auto& [service, reading] : book_.Close(round_)) {
    if (!reading.demand_rps || first || length <= Micros(0)) {
      continue;
    }
    if (answered < static_cast<int>(source_.targets.size())) {
      continue;  // what the silent ones served is missing: a part of the demand would look like a fall
    }
    reading.length = std::min(length, 2 * interval_);
    reading.start = now - reading.length;
    reading.replicas = reading.replicas ? reading.replicas : answered;
    polled.events.push_back(EventOf(reading));
  }
  if (polled.events.empty() && polled.status.ok() && !first) {
    polled.status = WithReason(NotFound("no series that tells the requests"), "NO_DATA");
  }
  return polled;
}

}  // namespace shadowd::io
