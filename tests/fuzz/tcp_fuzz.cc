// Any order of segments of one known stream: what comes out is that stream, with gaps only where it says so.
#include <cstdlib>
#include <string>

#include "mirror/tcp_stream.h"

namespace {

using namespace shadowd;
using mirror::Bytes;

std::string Stream() {
  std::string bytes(4096, '\0');
  uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

class Checker : public mirror::ByteSink {
 public:
  Checker(const std::string& stream, size_t at) : stream_(stream), at_(at) {}
  void OnBytes(Bytes bytes) override {
    if (at_ + bytes.size() > stream_.size() ||
        mirror::AsText(bytes) != std::string_view(stream_).substr(at_, bytes.size())) {
      std::abort();
    }
    at_ += bytes.size();
  }
  void OnGap(uint64_t bytes) override { at_ += bytes; }

 private:
  const std::string& stream_;
  size_t at_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string stream = Stream();
  if (size < 4) {
    return 0;
  }
  const uint32_t first = 0xfffff000U + data[0] * 16U;
  mirror::TcpStream tcp({.held_bytes_max = 1024, .held_segments_max = 8});
  MonoTime now{std::chrono::seconds(1)};
  Checker checker(stream, 0);
  mirror::TcpSegment syn;
  syn.syn = true;
  syn.sequence = first - 1;
  tcp.Push(syn, now, checker);
  for (size_t i = 1; i + 4 <= size; i += 4) {
    const size_t at = (data[i] * 256U + data[i + 1]) % stream.size();
    mirror::TcpSegment segment;
    segment.sequence = first + static_cast<uint32_t>(at);
    segment.ack = true;
    segment.acknowledgement = data[i + 3];
    segment.payload = mirror::AsBytes(std::string_view(stream).substr(at, data[i + 2]));
    now += Micros(data[i + 3] * 10'000);
    tcp.Push(segment, now, checker);
    if (tcp.held_bytes() > 1024 + 255) {
      std::abort();
    }
  }
  tcp.GiveUpHoles(checker);
  return 0;
}
