// Any bytes as a page of metrics, through the book: readings are finite and the bound on samples holds.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "kpi/exposition.h"
#include "kpi/series_book.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shadowd;
  const std::string_view page(reinterpret_cast<const char*>(data), size);
  kpi::SeriesBook book(kpi::RuleTable({{"a", {}, model::SeriesKpi::kRequests, {}, 1, ""},
                                       {"b", {}, model::SeriesKpi::kLatency, {}, 1, ""}}),
                       {.series_max = 100, .series_per_service_max = 100});
  size_t samples = 0;
  for (int64_t window = 0; window < 2; ++window) {
    samples = 0;
    kpi::ReadExposition(page, 1000, [&](const kpi::SeriesSample& sample) {
      kpi::SeriesSample taken = sample;
      taken.at = WallFromMicros(1'000'000 * (window + 1));
      book.Add(taken, window);
      ++samples;
    }).IgnoreError();
    for (const auto& [service, reading] : book.Close(window)) {
      if (reading.demand_rps && !std::isfinite(*reading.demand_rps)) {
        std::abort();
      }
    }
  }
  if (samples > 1000 || book.series() > 100) {
    std::abort();
  }
  return 0;
}
