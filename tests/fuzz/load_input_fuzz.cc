// Any bytes as what "load" is asked for: URLs, headers, rates, profiles, recorded times, mixes, log lines.
// What is understood can be planned and put on a wire.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lab/load_question.h"
#include "load/access_log.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shadowd;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto url = load::ParseUrl(text); url.ok()) {
    load::RequestForm form;
    form.target = url->target;
    const auto wire = load::ToWire(form, load::Wire::kHttp1, "http", url->Authority());
    if (!wire.ok() || wire->bytes.find("\r\n\r\n") != wire->bytes.size() - 4) {
      std::abort();
    }
  }
  if (const auto header = load::ParseHeader(text);
      header.ok() && header->second.find_first_of("\r\n") != std::string::npos) {
    std::abort();
  }
  if (const auto rate = lab::ParseRate(text, 10); rate.ok() && !(rate->Between(0, 10) >= 0)) {
    std::abort();
  }
  if (const auto profile = lab::ParseProfile(text, "f"); profile.ok() && !std::isfinite(profile->seconds)) {
    std::abort();
  }
  if (const auto times = lab::ParseTimes(text, "f", 10); times.ok() && times->front() != 0) {
    std::abort();
  }
  if (const auto mix = lab::ParseMix(text, "f", -1, 1); mix.ok() && mix->empty()) {
    std::abort();
  }
  if (const auto logged = load::ParseLogLine(text)) {
    load::RequestForm form;
    form.method = std::string(logged->method);
    form.target = std::string(logged->target);
    if (!load::ToWire(form, load::Wire::kHttp1, "http", "a").ok()) {
      std::abort();
    }
  }
  (void)lab::ParseArrival(text);
  (void)lab::ParseLog(text, "f", -1);
  return 0;
}
