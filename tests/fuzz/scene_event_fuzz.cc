// Any text as an event of a scene, in plays of any length: what is understood lies inside of the play and
// changes demand and cost by factors that can be played, throughout.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sim/trace.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shadowd;
  if (size < 1) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Micros length = std::chrono::hours(1) * (1 + data[0] * data[0]);  // up to seven years
  const auto event = sim::ParseSceneEvent(text, length);
  if (!event.ok()) {
    return MessageOf(event.status()).empty() ? (std::abort(), 0) : 0;
  }
  const bool failure = event->kind == sim::SceneEventKind::kFailure;
  if (event->at < Micros(0) || event->at >= length || event->duration < Micros(0) ||
      !std::isfinite(event->size) || event->size < 0.01 || event->size > (failure ? 10'000 : 100)) {
    std::abort();
  }
  const sim::SceneEvent events[] = {*event};
  for (const Micros at :
       {Micros(0), event->at, event->at + event->duration / 2, event->at + event->duration, length}) {
    for (const double factor : {sim::DemandFactor(events, at), sim::CostFactor(events, at)}) {
      if (!(factor > 0 && factor <= 100)) {
        std::abort();
      }
    }
  }
  return 0;
}
