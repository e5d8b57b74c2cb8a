// Any bytes as a line of an access log: a status is one, and a latency is not negative.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "kpi/access_log.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using shadowd::model::AccessLogFormat;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  for (const auto format : {AccessLogFormat::kAuto, AccessLogFormat::kCommon, AccessLogFormat::kCombined,
                            AccessLogFormat::kJson}) {
    const auto entry = shadowd::kpi::ParseAccessLog(line, format);
    if (entry.ok() && (entry->status < 100 || entry->status > 599 || entry->latency_us.value_or(0) < 0)) {
      std::abort();
    }
  }
  return 0;
}
