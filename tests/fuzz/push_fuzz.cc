// Any bytes as a batch of remote write and of OTLP: bounds hold, and what comes out is finite.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "kpi/ingest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shadowd;
  const std::string_view batch(reinterpret_cast<const char*>(data), size);
  constexpr size_t kSeriesMax = 50;
  kpi::Ingest ingest(kpi::RuleTable({{"a", {}, model::SeriesKpi::kRequests, {}, 1, "{b}"},
                                     {"c", {}, model::SeriesKpi::kLatency, {}, 1, "{b}"}}),
                     {.interval = std::chrono::seconds(1), .series_max = kSeriesMax}, WallTime());
  ingest.TakeRemoteWrite(batch).status().IgnoreError();
  ingest.TakeOtlp(batch).status().IgnoreError();
  if (ingest.series() > kSeriesMax) {
    std::abort();
  }
  for (const auto& [service, reading] : ingest.Tick(WallFromMicros(5'000'000))) {
    if (service.size() > 63 || (reading.demand_rps && !std::isfinite(*reading.demand_rps))) {
      std::abort();
    }
  }
  return 0;
}
