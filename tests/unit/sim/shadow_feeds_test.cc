#include "sim/shadow_feeds.h"

#include <catch2/catch.hpp>

using namespace shadowd;
using namespace shadowd::sim;

namespace {

const model::ServiceId kWeb("web");
const model::ReplicaId kFast("web-t1-a0-s0"), kSlow("web-t1-a1-s0");

MonoTime At(double seconds) {
  return MonoTime(FromSeconds(seconds));
}

ports::SetTraffic Rates(double fast, double slow) {
  ports::SetTraffic traffic;
  traffic.feeds = {{kFast, "127.0.0.1:1", fast}, {kSlow, "127.0.0.1:2", slow}};
  return traffic;
}

ShadowFeeds Two() {
  ShadowFeeds feeds{Rng(5)};
  feeds.Open(kFast, kWeb, PlantOptions(), {At(0), WallTime()});
  feeds.Open(kSlow, kWeb, PlantOptions(), {At(0), WallTime()});
  return feeds;
}

}  // namespace

TEST_CASE("each shadow is fed at the rate it was given, until the traffic names it no longer") {
  ShadowFeeds feeds = Two();
  CHECK(feeds.Serve(At(10), WallTime()).empty());  // nobody is fed yet
  feeds.Set(kWeb, Rates(100, 20), At(10));
  const auto seen = feeds.Serve(At(60), WallTime());
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].window.shadow == kFast);
  CHECK(static_cast<double>(seen[0].window.window.offered) == Approx(5000).epsilon(0.06));
  CHECK(static_cast<double>(seen[1].window.window.offered) == Approx(1000).epsilon(0.12));
  CHECK(seen[1].window.window.synthetic == seen[1].window.window.offered);

  ports::SetTraffic one = Rates(100, 20);
  one.feeds.pop_back();
  feeds.Set(kWeb, one, At(60));
  CHECK(feeds.Serve(At(70), WallTime()).size() == 1);
  feeds.Silence();
  CHECK(feeds.Serve(At(80), WallTime()).empty());
  feeds.Close(kFast);
  feeds.Close(kSlow);
  CHECK(feeds.empty());
}

TEST_CASE("a rate of next to nothing is silence, and a rate that rises acts at once") {
  ShadowFeeds feeds = Two();
  feeds.Set(kWeb, Rates(1e-9, 0.01), At(0));
  CHECK(feeds.Serve(At(1), WallTime()).size() == 1);
  feeds.Set(kWeb, Rates(100, 100), At(1));
  const auto seen = feeds.Serve(At(11), WallTime());
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].window.window.offered > 800);
  CHECK(seen[1].window.window.offered > 800);
}
