#include "mirror/tcp_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>
#include <string>

#include "base/rng.h"

namespace shadowd::mirror {
namespace {

using namespace std::chrono_literals;

constexpr uint32_t kFirst = 4'294'967'290U;  // six bytes before sequence numbers wrap
const std::string kText = "The quick brown fox jumps over the lazy dog";

// What came out as text; a gap of n bytes is <n>.
class Collector : public ByteSink {
 public:
  void OnBytes(Bytes bytes) override { text += AsText(bytes); }
  void OnGap(uint64_t bytes) override { text += fmt::format("<{}>", bytes); }

  std::string text;
};

// One direction of a connection whose first byte is number 0.
class Wire {
 public:
  explicit Wire(const TcpStream::Options& options = {}) : stream(options) {}

  void Syn() {
    TcpSegment segment;
    segment.syn = true;
    segment.sequence = kFirst - 1;
    stream.Push(segment, now, sink);
  }
  static TcpSegment Segment(size_t at, std::string_view bytes) {
    TcpSegment segment;
    segment.sequence = kFirst + static_cast<uint32_t>(at);
    segment.payload = AsBytes(bytes);
    return segment;
  }
  void Send(size_t at, std::string_view bytes) { stream.Push(Segment(at, bytes), now, sink); }
  void SendAcknowledging(size_t at, std::string_view bytes, uint32_t acknowledgement) {
    TcpSegment segment = Segment(at, bytes);
    segment.ack = true;
    segment.acknowledgement = acknowledgement;
    stream.Push(segment, now, sink);
  }
  void Fin(size_t at, std::string_view bytes = "") {
    TcpSegment segment = Segment(at, bytes);
    segment.fin = true;
    stream.Push(segment, now, sink);
  }
  void Pass(Micros time) {
    now += time;
    stream.Expire(now, sink);
  }
  const std::string& text() const { return sink.text; }

  TcpStream stream;
  Collector sink;
  MonoTime now{1s};
};

TEST_CASE("a stream is the same wherever it is cut") {
  for (size_t first = 0; first <= kText.size(); ++first) {
    for (size_t second = first; second <= kText.size(); ++second) {
      Wire wire;
      wire.Syn();
      wire.Send(0, kText.substr(0, first));
      wire.Send(first, kText.substr(first, second - first));
      wire.Send(second, kText.substr(second));
      REQUIRE(wire.text() == kText);
    }
  }
}

TEST_CASE("five segments come out in order, in whatever order they come") {
  std::vector<size_t> order(5);
  std::iota(order.begin(), order.end(), 0U);
  do {
    Wire wire;
    wire.Syn();
    for (const size_t i : order) {
      wire.Send(i * 9, kText.substr(i * 9, 9));
    }
    REQUIRE(wire.text() == kText);
    REQUIRE(wire.stream.held_bytes() == 0);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("pieces that repeat and overlap each other at random yield every byte once") {
  Rng rng(GENERATE(1, 2, 3, 4, 5, 6, 7, 8));
  std::string all(2000, ' ');
  for (char& c : all) {
    c = static_cast<char>('a' + rng.Below(26));
  }
  TcpStream::Options options;
  options.held_segments_max = 1000;
  options.hole_timeout = 24h;
  Wire wire(options);
  wire.Syn();
  for (int i = 0; i < 600; ++i) {
    const size_t at = rng.Below(all.size());
    wire.Send(at, std::string_view(all).substr(at, 1 + rng.Below(120)));
    REQUIRE(wire.text() == all.substr(0, wire.text().size()));
  }
  for (size_t at = 0; at < all.size(); at += 100) {
    wire.Send(at, std::string_view(all).substr(at, 100));
  }
  CHECK(wire.text() == all);
  CHECK_FALSE(wire.stream.has_hole());
}

// As the receive queue of Linux has it: what was handed on stays; of what waits, the segment that begins
// earlier is read first, and of two that begin together the longer one.
TEST_CASE("of bytes that were sent twice with other contents those are read that the receiver read") {
  struct Case {
    const char* what;
    std::vector<std::pair<size_t, std::string>> segments;
    std::string text;
  };
  const Case c = GENERATE(
      Case{"after bytes that were read", {{0, "aaaaaa"}, {3, "bbbbbb"}}, "aaaaaabbb"},
      Case{"all of them read", {{0, "aaaaaa"}, {1, "bbb"}}, "aaaaaa"},
      Case{"before bytes that wait", {{4, "aaaa"}, {0, "bbbbbb"}}, "bbbbbbaa"},
      Case{"around bytes that wait", {{4, "aa"}, {0, "bbbbbbbb"}}, "bbbbbbbb"},
      Case{"behind bytes that wait", {{2, "aaaa"}, {4, "bbbb"}, {0, "cc"}}, "ccaaaabb"},
      Case{"both wait, the earlier one came later", {{4, "aaaa"}, {2, "bbbb"}, {0, "cc"}}, "ccbbbbaa"},
      Case{"the same place, longer", {{2, "aa"}, {2, "bbbb"}, {0, "cc"}}, "ccbbbb"},
      Case{"the same place, shorter", {{2, "aaaa"}, {2, "bb"}, {0, "cc"}}, "ccaaaa"});
  INFO(c.what);
  Wire wire;
  wire.Syn();
  for (const auto& [at, bytes] : c.segments) {
    wire.Send(at, bytes);
  }
  CHECK(wire.text() == c.text);
  CHECK(wire.stream.held_bytes() == 0);
}

TEST_CASE("a hole is waited for, then given up, and what comes too late for it is dropped") {
  Wire wire;
  wire.Syn();
  wire.Send(0, "ab");
  wire.Send(5, "fg");
  wire.Pass(4999ms);
  CHECK(wire.text() == "ab");
  wire.Pass(1ms);
  CHECK(wire.text() == "ab<3>fg");
  wire.Send(2, "cde");
  wire.Send(7, "hi");
  CHECK(wire.text() == "ab<3>fghi");
}

TEST_CASE("a retransmission closes the hole in time") {
  Wire wire;
  wire.Syn();
  wire.Send(0, "ab");
  wire.Send(5, "fg");
  wire.Pass(4s);
  wire.Send(2, "cde");
  CHECK(wire.text() == "abcdefg");
  wire.Pass(2s);
  CHECK(wire.text() == "abcdefg");
}

TEST_CASE("a hole is given up soon where the sender has acknowledged an answer to it") {
  const uint32_t answered = GENERATE(100U, 180U);
  Wire wire;
  wire.Syn();
  wire.SendAcknowledging(0, "ab", 100);
  wire.SendAcknowledging(5, "fg", answered);
  wire.Pass(50ms);
  CHECK(wire.text() == (answered > 100 ? "ab<3>fg" : "ab"));
}

TEST_CASE("several holes are given up one after another") {
  Wire wire;
  wire.Syn();
  wire.Send(2, "c");
  wire.Send(4, "e");
  wire.Send(6, "g");
  wire.Pass(5s);
  CHECK(wire.text() == "<2>c");
  wire.Send(3, "d");
  CHECK(wire.text() == "<2>cde");
  wire.stream.GiveUpHoles(wire.sink);
  CHECK(wire.text() == "<2>cde<1>g");
}

TEST_CASE("what waits behind holes stays within its bounds, and every byte is read or counted as missing") {
  Rng rng(GENERATE(11, 12, 13, 14));
  TcpStream::Options options;
  options.held_bytes_max = 500;
  options.held_segments_max = 6;
  Wire wire(options);
  wire.Syn();
  size_t end = 0;
  for (int i = 0; i < 2000; ++i) {
    const size_t size = 1 + rng.Below(150);
    if (rng.Below(3) != 0) {
      wire.Send(end, std::string(size, 'x'));
    }
    end += size;
    REQUIRE(wire.stream.held_bytes() <= options.held_bytes_max);
  }
  wire.Send(end, "x");
  ++end;
  wire.stream.GiveUpHoles(wire.sink);
  uint64_t seen = 0;
  for (size_t at = 0; at < wire.text().size(); ++at) {
    if (wire.text()[at] == '<') {
      seen += std::stoull(wire.text().substr(at + 1));
      at = wire.text().find('>', at);
    } else {
      ++seen;
    }
  }
  CHECK(seen == end);
}

TEST_CASE("a connection whose begin was not seen is read from the first bytes that were") {
  Wire wire;
  TcpSegment only_ack;
  only_ack.ack = true;
  only_ack.sequence = kFirst;
  wire.stream.Push(only_ack, wire.now, wire.sink);
  CHECK_FALSE(wire.stream.synchronised());
  wire.Send(20, "uv");
  wire.Send(10, "kl");
  wire.Send(22, "wx");
  CHECK(wire.text() == "uvwx");
  CHECK_FALSE(wire.stream.saw_syn());
}

TEST_CASE("the stream ends with its FIN in order, or with a reset at once") {
  Wire wire;
  wire.Syn();
  SECTION("a FIN with bytes") {
    wire.Fin(0, "ab");
    CHECK(wire.stream.finished());
    CHECK(wire.text() == "ab");
  }
  SECTION("a FIN that overtakes bytes") {
    wire.Fin(2, "cd");
    CHECK_FALSE(wire.stream.finished());
    wire.Send(0, "ab");
    CHECK(wire.text() == "abcd");
    CHECK(wire.stream.finished());
  }
  SECTION("a bare FIN that overtakes bytes") {
    wire.Fin(2);
    CHECK_FALSE(wire.stream.finished());
    wire.Send(0, "ab");
    CHECK(wire.stream.finished());
  }
  SECTION("a reset") {
    wire.Send(0, "ab");
    TcpSegment reset;
    reset.rst = true;
    wire.stream.Push(reset, wire.now, wire.sink);
    CHECK(wire.stream.finished());
  }
  const std::string before = wire.text();
  wire.Send(before.size(), "more");
  CHECK(wire.text() == before);
}

TEST_CASE("bytes that the capture cut off are missing, not overlooked") {
  Wire wire;
  wire.Syn();
  TcpSegment cut = Wire::Segment(0, "ab");
  cut.cut = 3;
  wire.stream.Push(cut, wire.now, wire.sink);
  wire.Send(5, "fg");
  wire.stream.GiveUpHoles(wire.sink);
  CHECK(wire.text() == "ab<3>fg");
}

TEST_CASE("a SYN is another connection's unless it repeats the one that was seen") {
  Wire wire;
  TcpSegment syn;
  syn.syn = true;
  syn.sequence = kFirst - 1;
  CHECK_FALSE(wire.stream.IsNewConnection(syn));  // nothing was seen before it
  wire.Syn();
  wire.Send(0, kText);
  CHECK_FALSE(wire.stream.IsNewConnection(syn));
  CHECK_FALSE(wire.stream.IsNewConnection(Wire::Segment(1'000'000, "no SYN")));
  TcpSegment other = syn;
  other.sequence = kFirst + 5'000'000;
  CHECK(wire.stream.IsNewConnection(other));
  other.sequence = kFirst - 5'000'000;
  CHECK(wire.stream.IsNewConnection(other));
  wire.Fin(kText.size());
  CHECK(wire.stream.IsNewConnection(syn));
}

TEST_CASE("after a reset of the object the next connection is read as if it were the first") {
  TcpStream::Options options;
  options.held_segments_max = 1;
  Wire wire(options);
  wire.Syn();
  wire.Send(3, "d");
  wire.stream.Reset();
  CHECK_FALSE(wire.stream.has_hole());
  wire.Send(100, "ab");
  wire.Send(104, "e");
  wire.Send(106, "g");  // the bound is still the one that was given
  CHECK(wire.text() == "ab<2>e");
}

}  // namespace
}  // namespace shadowd::mirror
