// Any bytes as a history: what is understood is a trace of finite demand at even steps.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lab/trace_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto trace = shadowd::lab::ParseTrace(text, "fuzz.csv");
  if (trace.ok()) {
    for (const double rps : trace->demand_rps) {
      if (rps < 0 || std::isinf(rps)) {
        std::abort();
      }
    }
    if (trace->step <= shadowd::Micros(0) || trace->demand_rps.empty()) {
      std::abort();
    }
  }
  const auto samples = shadowd::lab::ParseSamples(text, "fuzz.csv");
  if (samples.ok()) {
    for (size_t i = 1; i < samples->size(); ++i) {
      if ((*samples)[i].at <= (*samples)[i - 1].at) {
        std::abort();
      }
    }
  }
  const auto series = shadowd::lab::ParseSeries(text, "fuzz.csv");
  if (series.ok() && series->empty()) {
    std::abort();
  }
  return 0;
}
