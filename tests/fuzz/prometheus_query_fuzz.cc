// Any bytes as an answer of a Prometheus: values are finite, and points ascend.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "kpi/prometheus_query.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  if (const auto value = shadowd::kpi::ParseInstant(body); value.ok() && *value && !std::isfinite(**value)) {
    std::abort();
  }
  if (const auto points = shadowd::kpi::ParseRange(body); points.ok()) {
    for (size_t i = 1; i < points->size(); ++i) {
      if ((*points)[i].first <= (*points)[i - 1].first) {
        std::abort();
      }
    }
  }
  return 0;
}
