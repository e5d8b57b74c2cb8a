#include "mirror/flow_table.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <list>
#include <string>

#include "base/rng.h"

namespace shadowd::mirror {
namespace {

using namespace std::chrono_literals;

FlowKey Key(uint16_t source_port, uint16_t destination_port = 80) {
  FlowKey key;
  key.source[15] = 1;
  key.destination[15] = 2;
  key.source_port = source_port;
  key.destination_port = destination_port;
  return key;
}

std::vector<uint16_t> Ports(FlowTable& table) {  // the one that was silent longest first
  std::vector<uint16_t> ports;
  table.ForEach([&](Flow& flow) { ports.push_back(flow.key.source_port); });
  return ports;
}

class NullSink : public ByteSink {
 public:
  void OnBytes(Bytes) override {}
  void OnGap(uint64_t) override {}
};

// The same table as one would write it without caring for time.
class PlainTable {
 public:
  PlainTable(size_t flows_max, Micros idle_timeout) : flows_max_(flows_max), idle_timeout_(idle_timeout) {}

  void Touch(uint16_t port, MonoTime now) {
    if (!Remove(port) && flows_.size() == flows_max_) {
      flows_.pop_front();
      ++evicted_;
    }
    flows_.push_back({port, now});
  }
  bool Remove(uint16_t port) {
    return flows_.remove_if([port](const Entry& entry) { return entry.port == port; }) > 0;
  }
  void ExpireIdle(MonoTime now) {
    flows_.remove_if([&](const Entry& entry) { return now - entry.seen >= idle_timeout_; });
  }
  std::vector<uint16_t> Ports() const {
    std::vector<uint16_t> ports;
    for (const Entry& entry : flows_) {
      ports.push_back(entry.port);
    }
    return ports;
  }
  uint64_t evicted() const { return evicted_; }

 private:
  struct Entry {
    uint16_t port;
    MonoTime seen;
  };
  size_t flows_max_;
  Micros idle_timeout_;
  std::list<Entry> flows_;
  uint64_t evicted_ = 0;
};

TEST_CASE("whatever is done in whatever order, the table holds what a plain list would hold") {
  Rng rng(GENERATE(1, 2, 3, 4));
  FlowTable::Options options;
  options.flows_max = 6;
  options.idle_timeout = 40us;
  FlowTable table(options);
  PlainTable plain(options.flows_max, options.idle_timeout);
  MonoTime now(1s);
  for (int step = 0; step < 4000; ++step) {
    now += Micros(rng.Below(8));
    const auto port = static_cast<uint16_t>(rng.Below(12));
    const uint64_t what = rng.Below(10);
    if (what < 6) {
      Flow& flow = table.Touch(Key(port), now);
      plain.Touch(port, now);
      REQUIRE(flow.key == Key(port));
      REQUIRE(flow.last_seen == now);
    } else if (what < 8) {
      table.Remove(Key(port));
      plain.Remove(port);
    } else if (what == 8) {
      table.ExpireIdle(now);
      plain.ExpireIdle(now);
    }
    const std::vector<uint16_t> expected = plain.Ports();
    REQUIRE(Ports(table) == expected);
    REQUIRE(table.size() == expected.size());
    REQUIRE(table.evicted() == plain.evicted());
    const bool followed = std::find(expected.begin(), expected.end(), port) != expected.end();
    REQUIRE((table.Find(Key(port)) != nullptr) == followed);
  }
  CHECK(table.evicted() > 100);
}

TEST_CASE("a place that is used again remembers nothing of the connection before") {
  FlowTable::Options options;
  options.flows_max = 1;
  FlowTable table(options);
  NullSink sink;
  Flow& first = table.Touch(Key(1), MonoTime(1s));
  first.requests = 7;
  const std::string text = "GET / HT";
  TcpSegment segment;
  segment.sequence = 5;
  segment.payload = AsBytes(text);
  first.stream.Push(segment, MonoTime(1s), sink);
  segment.sequence = 500;
  first.stream.Push(segment, MonoTime(1s), sink);
  REQUIRE(first.stream.has_hole());
  Flow& second = table.Touch(Key(2), MonoTime(2s));
  CHECK(second.requests == 0);
  CHECK_FALSE(second.stream.synchronised());
  CHECK(second.stream.held_bytes() == 0);
  CHECK(second.hash == HashFlow(Key(2)));
  CHECK(table.Find(Key(1)) == nullptr);
}

TEST_CASE("a flow may be removed while it is visited") {
  FlowTable table({});
  for (uint16_t port = 1; port <= 6; ++port) {
    table.Touch(Key(port), MonoTime(Micros(port)));
  }
  int visits = 0;
  table.ForEach([&](Flow& flow) {
    ++visits;
    if (flow.key.source_port % 2 == 1) {
      table.Remove(Key(flow.key.source_port));
    }
  });
  CHECK(visits == 6);
  CHECK(Ports(table) == std::vector<uint16_t>{2, 4, 6});
}

TEST_CASE("each part of the key, and the direction, makes another flow") {
  const FlowKey key = Key(40'000);
  FlowKey reversed = key;
  std::swap(reversed.source, reversed.destination);
  std::swap(reversed.source_port, reversed.destination_port);
  FlowKey host = key;
  host.source[0] = 1;
  FlowKey target = key;
  target.destination[15] = 3;
  for (const FlowKey& other : {reversed, host, target, Key(40'001), Key(40'000, 81), Key(80, 40'000)}) {
    CHECK(HashFlow(other) != HashFlow(key));
  }
}

TEST_CASE("connections that differ by their port alone are spread evenly by their hash") {
  std::array<double, 64> buckets{};
  constexpr int kFlows = 8192;
  for (int i = 0; i < kFlows; ++i) {
    buckets[HashFlow(Key(static_cast<uint16_t>(30'000 + i))) % buckets.size()] += 1;
  }
  const double expected = kFlows / static_cast<double>(buckets.size());
  double chi_squared = 0;
  for (const double count : buckets) {
    chi_squared += (count - expected) * (count - expected) / expected;
  }
  CHECK(chi_squared < 104);  // 63 degrees of freedom: exceeded by chance once in a thousand
}

}  // namespace
}  // namespace shadowd::mirror
