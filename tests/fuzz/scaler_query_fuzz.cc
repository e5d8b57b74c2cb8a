// Metadata of a trigger: "KEY\nVALUE\nKEY\nVALUE..." of any bytes. What is taken has a name and a key of one
// line.
#include <cstdint>
#include <map>
#include <string>

#include "base/check.h"
#include "daemon/rpc/scaler_query.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string text(data, data + size);
  std::map<std::string, std::string> metadata;
  while (!text.empty()) {
    std::string field[2];
    for (std::string& each : field) {
      const size_t end = std::min(text.find('\n'), text.size());
      each = text.substr(0, end);
      text.erase(0, end + 1);
    }
    metadata[field[0]] = field[1];
  }
  const auto query = shadowd::daemon::ParseScalerQuery(metadata);
  if (query.ok()) {
    SHADOWD_CHECK(shadowd::daemon::ScalerKey(*query).find_first_of("\t\n") == std::string::npos);
    SHADOWD_CHECK(query->max_age.count() > 0);
  }
  return 0;
}
