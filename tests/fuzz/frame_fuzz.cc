// Any bytes as a frame of each link type: nothing is read outside, and what is found lies inside.
#include <cstdlib>

#include "mirror/frame.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shadowd::mirror;
  const Bytes frame = std::as_bytes(std::span(data, size));
  for (const LinkType link : {LinkType::kEthernet, LinkType::kLinuxCooked, LinkType::kRawIp}) {
    TcpSegment segment;
    if (ParseFrame(frame, link, segment) == FrameResult::kTcp && !segment.payload.empty() &&
        (segment.payload.data() < frame.data() ||
         segment.payload.data() + segment.payload.size() > frame.data() + frame.size())) {
      std::abort();
    }
  }
  return 0;
}
