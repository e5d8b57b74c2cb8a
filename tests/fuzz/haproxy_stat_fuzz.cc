// Any bytes as the answer to `show stat`: the decoder ends with a table within its bound or with a status.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scale/haproxy_stat.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto stat = shadowd::scale::ParseHaproxyStat(text);
  if (stat.ok() && stat->rows.size() > shadowd::scale::kMaxHaproxyRows) {
    std::abort();
  }
  return 0;
}
