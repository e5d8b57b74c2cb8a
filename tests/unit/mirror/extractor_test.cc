#include "mirror/extractor.h"

#include "base/rng.h"
#include "fakes/packets.h"
#include "require_ok.h"

namespace shadowd::mirror {
namespace {

using namespace std::chrono_literals;
using fakes::CollectingSink;

constexpr uint32_t kFirst = 4'294'967'200U;  // so that sequence numbers wrap on the way

struct Piece {
  size_t at = 0;
  std::string bytes;
};

std::string Conversation(int requests) {
  std::string all;
  for (int i = 0; i < requests; ++i) {
    all += "GET /item/" + std::to_string(i) + " HTTP/1.1\r\nHost: web\r\n\r\n";
  }
  return all;
}

class Wire {
 public:
  explicit Wire(Extractor::Options options = {}) : extractor_(sink, options) {}

  void Syn() { Frame({.sequence = kFirst - 1, .flags = 0x02}, ""); }
  void Send(const Piece& piece, uint32_t acknowledgement = 0) {
    Frame({.sequence = kFirst + static_cast<uint32_t>(piece.at),
           .acknowledgement = acknowledgement,
           .flags = 0x18},
          piece.bytes);
  }
  void Frame(const fakes::TcpOptions& tcp, const std::string& payload) {
    const std::string frame = fakes::EthernetBytes(fakes::Ipv4Bytes(fakes::TcpBytes(tcp, payload)));
    extractor_.OnFrame(AsBytes(frame), now);
  }
  void Pass(Micros time) {
    now += time;
    extractor_.OnTime(now);
  }
  const Completeness& counts() const { return extractor_.counts(); }

  CollectingSink sink;
  MonoTime now{1s};

 private:
  Extractor extractor_;
};

TEST_CASE("requests are found however the stream is cut into segments") {
  const std::string all = Conversation(5);
  const size_t size = GENERATE(1, 2, 7, 40, 1000);
  Wire wire;
  wire.Syn();
  for (size_t at = 0; at < all.size(); at += size) {
    wire.Send({at, all.substr(at, size)});
  }
  CHECK(wire.sink.lines.size() == 5);
  CHECK(wire.sink.lines.back() == "GET /item/4");
  CHECK(wire.counts().parse_lost == 0);
}

TEST_CASE("reordered, repeated and overlapping segments yield every request once") {
  const std::string all = Conversation(200);
  const uint64_t seed = GENERATE(1, 2, 3, 4, 5);
  Rng rng(seed);
  std::vector<Piece> pieces;
  for (size_t at = 0; at < all.size();) {
    const size_t size = 1 + rng.Below(90);
    pieces.push_back({at, all.substr(at, size)});
    if (rng.Below(4) == 0) {
      const size_t back = std::min<size_t>(at, rng.Below(60));
      pieces.push_back({at - back, all.substr(at - back, size + rng.Below(30))});
    }
    at += size;
  }
  for (size_t i = 0; i + 6 < pieces.size(); ++i) {
    std::swap(pieces[i], pieces[i + rng.Below(6)]);
  }
  Wire wire;
  wire.Syn();
  for (const Piece& piece : pieces) {
    wire.Send(piece);
  }
  INFO("seed " << seed);
  REQUIRE(wire.sink.lines.size() == 200);
  for (int i = 0; i < 200; ++i) {
    REQUIRE(wire.sink.lines[static_cast<size_t>(i)] == "GET /item/" + std::to_string(i));
  }
  CHECK(wire.counts().parse_lost == 0);
}

TEST_CASE("a lost segment costs its own request, is counted, and reading goes on behind it") {
  const std::string request = Conversation(1);
  Wire wire;
  wire.Syn();
  for (size_t i = 0; i < 5; ++i) {
    if (i != 2) {
      wire.Send({i * request.size(), request}, 1000);
    }
  }
  CHECK(wire.sink.lines.size() == 2);  // a retransmission may still come
  wire.Pass(6s);
  CHECK(wire.sink.lines.size() == 4);
  CHECK(wire.counts().parse_lost == 1);
}

TEST_CASE("a hole that the peer has answered is given up soon") {
  const std::string request = Conversation(1);
  Wire wire;
  wire.Syn();
  wire.Send({0, request}, 1000);
  wire.Send({2 * request.size(), request}, 3000);  // acknowledges an answer to what we did not see
  wire.Pass(60ms);
  CHECK(wire.sink.lines.size() == 2);
  CHECK(wire.counts().parse_lost == 1);
}

TEST_CASE("a flow without its SYN is read from the next request start on") {
  const std::string all = Conversation(3);
  Wire wire;
  wire.Send({10, all.substr(10, 20)});
  wire.Send({30, all.substr(30, all.size() / 3 - 30)});
  wire.Send({all.size() / 3, all.substr(all.size() / 3)});
  CHECK(wire.sink.lines.size() == 2);
}

TEST_CASE("a new connection on the same ports begins anew") {
  const std::string request = Conversation(1);
  Wire wire;
  wire.Syn();
  wire.Send({0, request.substr(0, 12)});
  wire.Frame({.sequence = 77, .flags = 0x02}, "");
  wire.Frame({.sequence = 78, .flags = 0x18}, request);
  CHECK(wire.sink.lines.size() == 1);
}

TEST_CASE("a stream that never closes its hole holds no more than its bound") {
  Extractor::Options options;
  options.flows.tcp.held_segments_max = 8;
  Wire wire(options);
  const std::string request = Conversation(1);
  wire.Syn();
  for (size_t i = 1; i < 20; ++i) {
    wire.Send({i * request.size(), request});
  }
  CHECK(wire.sink.lines.size() >= 10);
  CHECK(wire.counts().parse_lost == 1);
}

TEST_CASE("when the table is full the flow that was silent longest is forgotten") {
  Extractor::Options options;
  options.flows.flows_max = 2;
  Wire wire(options);
  const std::string request = Conversation(1);
  for (uint16_t port = 1; port <= 3; ++port) {
    wire.Frame({.source_port = port, .sequence = 5, .flags = 0x02}, "");
    wire.Frame({.source_port = port, .sequence = 6, .flags = 0x18}, request);
  }
  CHECK(wire.sink.lines.size() == 3);
  CHECK(wire.counts().evicted_flows == 1);
}

TEST_CASE("segments to other ports are left alone") {
  Extractor::Options options;
  options.port = 8080;
  Wire wire(options);
  wire.Syn();
  wire.Send({0, Conversation(1)});
  CHECK(wire.sink.lines.empty());
}

}  // namespace
}  // namespace shadowd::mirror
