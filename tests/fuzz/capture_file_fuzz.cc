// Any bytes as a capture file, and its frames as captured ones: each lies within the file, none is read
// beyond its end, and what waits for more stays bounded.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "mirror/capture_file.h"
#include "mirror/extractor.h"

namespace {
class NullSink : public shadowd::mirror::RequestSink {
 public:
  bool WantsBody(const shadowd::mirror::MirroredRequest&) override { return true; }
  void OnRequest(const shadowd::mirror::MirroredRequest&, uint64_t) override {}
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shadowd;
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  NullSink sink;
  mirror::Extractor extractor(sink, {});
  const Status status = mirror::ReadCapture(file, [&](const mirror::CapturedFrame& frame) {
    const auto* begin = reinterpret_cast<const char*>(frame.bytes.data());
    if (!frame.bytes.empty() && (begin < file.data() || begin + frame.bytes.size() > file.data() + size)) {
      std::abort();
    }
    extractor.OnFrame(frame.bytes, frame.at);
  });
  (void)status;
  // And as fragments of one host, whatever they are: the first half of the bytes decides the sizes.
  mirror::Fragments fragments;
  for (size_t at = 0; at + 1 < size;) {
    const size_t length = std::min<size_t>(data[at] + 1U, size - at - 1);
    const mirror::Bytes whole = fragments.Add(mirror::AsBytes(file.substr(at + 1, length)), MonoTime{});
    if (whole.size() > mirror::Fragments::kPacketBytesMax + 60) {
      std::abort();
    }
    at += 1 + length;
  }
  return 0;
}
