// Packets between daemon and shim, records on disk and replies to a readiness probe. What decodes must come
// back the same after being encoded.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "provider/readiness.h"
#include "provider/shim_message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shadowd::provider;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(ReadinessFromReply(text));
  if (const auto request = DecodeRequest(text);
      request.ok() && *DecodeRequest(EncodeRequest(*request)) != *request) {
    std::abort();
  }
  if (const auto record = DecodeRecord(text);
      record.ok() && *DecodeRecord(EncodeRecord(*record)) != *record) {
    std::abort();
  }
  if (const auto report = DecodeReport(text);
      report.ok() && *DecodeReport(EncodeReport(*report)) != *report) {
    std::abort();
  }
  return 0;
}
