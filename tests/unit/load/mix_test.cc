#include "load/mix.h"

#include "load/in_flight.h"
#include "load/window.h"
#include "require_ok.h"

namespace shadowd::load {
namespace {

using namespace std::chrono_literals;

WireRequestPtr Wire(std::string bytes) {
  return std::make_shared<WireRequest>(WireRequest{std::move(bytes)});
}

TEST_CASE("routes leave out ids and queries") {
  CHECK(RouteOf("GET", "/users/123/posts?page=2") == "GET /users/*/posts");
  CHECK(RouteOf("GET", "/f/0f8fad5b-d9cb-469f-a165-70867728950e") == "GET /f/*");
  CHECK(RouteOf("HEAD", "/feed/cafe") == "HEAD /feed/cafe");
  CHECK(RouteOf("GET", "/") == "GET /");
}

TEST_CASE("draws follow what was mirrored, and the fallback before that") {
  Mix mix({Wire("fallback")}, 1);
  CHECK(mix.Draw()->bytes == "fallback");
  for (int i = 0; i < 900; ++i) {
    mix.Add("GET /a", Wire("a"));
    if (i % 9 == 0) {
      mix.Add("GET /b", Wire("b"));
    }
  }
  int b = 0;
  for (int i = 0; i < 20'000; ++i) {
    b += mix.Draw()->bytes == "b" ? 1 : 0;
  }
  CHECK(b / 20'000.0 == Approx(0.1).margin(0.01));
  CHECK(Mix({}, 1).Draw() == nullptr);
}

TEST_CASE("any number of routes takes bounded room, and old ones fade") {
  Mix mix({}, 1);
  for (int i = 0; i < 5'000; ++i) {
    mix.Add("GET /" + std::to_string(i), Wire("x"));
  }
  CHECK(mix.groups() <= Mix::kMaxGroups);
  for (int i = 0; i < 100'000; ++i) {
    mix.Add("GET /new", Wire("new"));
  }
  int old = 0;
  for (int i = 0; i < 1000; ++i) {
    old += mix.Draw()->bytes == "new" ? 0 : 1;
  }
  CHECK(old < 10);
}

TEST_CASE("requests in waiting are bounded and expire in order") {
  InFlight in_flight(2, 3, 5s);
  for (int i = 0; i < 3; ++i) {
    REQUIRE(in_flight.Wait({Wire("x"), MonoTime(std::chrono::seconds(i))}));
  }
  CHECK_FALSE(in_flight.Wait({Wire("x"), MonoTime(3s)}));
  CHECK(in_flight.MayConnect(1));
  CHECK_FALSE(in_flight.MayConnect(2));
  CHECK(in_flight.ExpireWaiting(MonoTime(6s)) == 2);
  CHECK(in_flight.TakeWaiting()->planned == MonoTime(2s));
  CHECK_FALSE(in_flight.TakeWaiting().has_value());
}

TEST_CASE("a window counts, keeps the order of completion, and begins anew") {
  Window window;
  for (int i = 0; i < 100; ++i) {
    window.Offer(i < 40, Micros(i));
  }
  window.Complete(300us, false);
  window.Complete(100us, true);
  window.Fail();
  const model::KpiWindow closed = window.Close(WallFromMicros(5), 1s);
  CHECK(closed.offered == 100);
  CHECK(closed.mirrored == 40);
  CHECK(closed.synthetic == 60);
  CHECK(closed.completed == 2);
  CHECK(closed.errors == 2);
  CHECK(closed.latency_us == std::vector<uint32_t>{300, 100});
  CHECK(closed.send_lag_p99_us == 98);
  CHECK(window.empty());
  for (size_t i = 0; i < model::kMaxLatencySamples + 10; ++i) {
    window.Complete(1us, false);
  }
  const model::KpiWindow full = window.Close(WallFromMicros(5), 1s);
  CHECK(full.latency_us.size() == model::kMaxLatencySamples);
  CHECK(full.completed == model::kMaxLatencySamples + 10);
}

}  // namespace
}  // namespace shadowd::load
