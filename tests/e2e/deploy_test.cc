// How often the trial of a new version is right, live: requests that became 30 % dearer must be found and the
// level adjusted, a version that costs the same must not be. Three replicas serve what they can hold with
// some room; at 30 % more they are overloaded and four hold. SHADOWD_DEPLOYS says how often, each of both
// kinds.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <optional>

#include "e2e/capacity_points.h"
#include "e2e/haproxy_process.h"
#include "e2e/live_host.h"
#include "require_ok.h"

using namespace shadowd;
using namespace shadowd::e2e;
using v1::Decision;

namespace {

constexpr double kServiceMs = 80, kDearerMs = 104;
constexpr double kCapacityRps = 100;  // of eight slots of 80 ms
constexpr double kUsersRps = 200;
constexpr int kLevel = 3;
constexpr int kDeploys = 20;
constexpr double kRightMin = 0.9;
const std::string kShop = "services/shop";

v1::Service Shop(const LiveHost& host, const std::string& version, double service_ms) {
  v1::Service shop = host.Shop("shop", service_ms, 8);
  shop.set_version(version);
  *shop.mutable_slo()->mutable_latency_limit() = Seconds(0.4);
  *shop.mutable_trial()->mutable_deadline() = Seconds(30);
  *shop.mutable_forecast()->mutable_hold() = Seconds(60);
  return shop;
}

// The decision on this version, once it is over.
std::optional<Decision> Deploy(LiveHost& host, const std::string& version, double service_ms) {
  REQUIRE_OK(host.client().UpdateService(Shop(host, version, service_ms), {"version", "instance"}));
  std::optional<Decision> found;
  Eventually(
      [&] {
        for (const Decision& decision : All<Decision>(host.client(), kShop)) {
          const bool over = decision.state() == Decision::APPLIED || decision.state() == Decision::BLOCKED ||
                            decision.state() == Decision::FAILED;
          if (over && decision.trigger().kind() == v1::Trigger::NEW_VERSION &&
              decision.trigger().version().starts_with(version + "~")) {
            found = decision;
            return true;
          }
        }
        return false;
      },
      120);
  return found;
}

// Back to the level that the cheap version needs, without a trial: bounds are the operator's word.
void ReturnToLevel(LiveHost& host) {
  v1::Service shop;
  shop.set_name(kShop);
  shop.mutable_bounds()->set_max(kLevel);
  REQUIRE_OK(host.client().UpdateService(shop, {"bounds.max"}));
  REQUIRE(Eventually([&] { return host.ServersUp(kLevel); }, 30));
  shop.mutable_bounds()->set_max(8);
  REQUIRE_OK(host.client().UpdateService(shop, {"bounds.max"}));
}

struct Tally {
  int dearer = 0, found = 0;
  int same = 0, quiet = 0;
  std::string wrong;

  void Add(bool is_dearer, const Decision& decision) {
    const bool adjusted = decision.kind() == Decision::ADJUSTED && decision.to() > decision.planned();
    const bool right = is_dearer ? adjusted : decision.kind() != Decision::ADJUSTED;
    ++(is_dearer ? dearer : same);
    (is_dearer ? found : quiet) += right ? 1 : 0;
    if (!right) {
      wrong += fmt::format("{}: {} {} -> {}: {}\n", is_dearer ? "dearer" : "same",
                           Decision::Kind_Name(decision.kind()), decision.planned(), decision.to(),
                           decision.reason());
    }
  }
};

}  // namespace

TEST_CASE("deploys that cost more are found, deploys that cost the same are let through", "[slow]") {
  const char* asked = std::getenv("SHADOWD_DEPLOYS");
  const int deploys = asked != nullptr ? std::atoi(asked) : kDeploys;
  LiveHost host;
  host.StartDaemon();
  v1::Service shop = Shop(host, "1", kServiceMs);
  shop.mutable_bounds()->set_min(kLevel);
  REQUIRE_OK(host.client().CreateService("shop", shop));
  REQUIRE(Eventually([&] { return host.ServersUp(kLevel); }, 30));
  host.StartUsers(kUsersRps);
  REQUIRE_OK(host.client().ImportHistory(kShop, {}, PointsOf(kServiceMs, kCapacityRps)));
  REQUIRE(Eventually(
      [&] {
        const auto forecast = host.client().Get<v1::Forecast>(kShop + "/forecast");
        return forecast.ok() && forecast->last_observed_rps() > 0.8 * kUsersRps;
      },
      60));
  Tally tally;
  for (int i = 0; i < deploys; ++i) {
    const std::optional<Decision> dearer = Deploy(host, fmt::format("dear{}", i), kDearerMs);
    INFO(host.Journal());
    REQUIRE(dearer);
    tally.Add(true, *dearer);
    REQUIRE(Deploy(host, fmt::format("back{}", i), kServiceMs));
    ReturnToLevel(host);
    const std::optional<Decision> same = Deploy(host, fmt::format("same{}", i), kServiceMs);
    REQUIRE(same);
    tally.Add(false, *same);
    ReturnToLevel(host);
    fmt::print("after {}: dearer found {} of {}, same let through {} of {}\n", i + 1, tally.found,
               tally.dearer, tally.quiet, tally.same);
    std::fflush(stdout);
  }
  INFO(tally.wrong);
  CHECK(tally.found >= kRightMin * tally.dearer);
  CHECK(tally.quiet >= kRightMin * tally.same);
}
