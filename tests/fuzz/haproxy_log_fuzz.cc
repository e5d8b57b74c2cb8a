// Any bytes as a log line: what is understood lies within the line, and adds up in a window.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "kpi/haproxy_log.h"
#include "kpi/window_meter.h"

namespace {
void MustLieWithin(std::string_view part, std::string_view line) {
  if (!part.empty() && (part.data() < line.data() || part.data() + part.size() > line.data() + line.size())) {
    std::abort();
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const auto entry = shadowd::kpi::ParseHaproxyLog(line);
  if (!entry.ok()) {
    return 0;
  }
  for (const std::string_view part :
       {entry->frontend, entry->backend, entry->server, entry->method, entry->path}) {
    MustLieWithin(part, line);
  }
  shadowd::kpi::WindowMeter meter{std::string(entry->backend)};
  meter.Close({}, {}, {});
  meter.Add(*entry);
  const shadowd::Now later{.mono = shadowd::MonoTime(shadowd::Micros(1'000'000)), .wall = {}};
  const auto window = meter.Close({}, {}, later);
  if (!window || window->service.latency_us.size() > 1) {
    std::abort();
  }
  return 0;
}
