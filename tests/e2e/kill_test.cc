// SIGKILL at any moment: while a trial runs, and exactly between each durable intent and its effect. After
// each, whatever was acknowledged is still there, production never noticed, and no shadow outlives its lease.
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <ctime>
#include <iostream>
#include <set>
#include <thread>

#include "base/rng.h"
#include "e2e/haproxy_process.h"
#include "e2e/live_host.h"
#include "require_ok.h"

using namespace shadowd;
using namespace shadowd::e2e;
using v1::Decision;

namespace {

constexpr double kLeaseSeconds = 2;
// A lease is looked at a few times a second, and a killed process has to be reaped.
constexpr double kGraceSeconds = 3;
constexpr double kMark = 10.125;  // requests/s of imported samples, by which they are found again
const std::string kShop = "services/shop";

// Counts by a query of one number; the database is opened read-only.
int64_t Count(const std::string& path, const std::string& query) {
  sqlite3* database = nullptr;
  REQUIRE(::sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  INFO(query);
  REQUIRE(::sqlite3_prepare_v2(database, query.c_str(), -1, &statement, nullptr) == SQLITE_OK);
  REQUIRE(::sqlite3_step(statement) == SQLITE_ROW);
  const int64_t count = ::sqlite3_column_int64(statement, 0);
  ::sqlite3_finalize(statement);
  ::sqlite3_close(database);
  return count;
}

bool Ended(v1::Trial::State state) {
  return state != v1::Trial::STARTING && state != v1::Trial::WARMING && state != v1::Trial::MEASURING;
}

// What callers were told, and must find again after every crash.
struct Acknowledged {
  std::set<std::string> decisions;
  std::set<std::string> models;
  size_t imports = 0;
};

class Ordeal {
 public:
  explicit Ordeal(uint64_t seed) : rng_(seed) {
    host_.StartDaemon();
    shop_ = host_.Shop("shop", 20);
    shop_.mutable_instance()->set_argv(shop_.instance().argv_size() - 1, "0.2");  // seconds to start
    *shop_.mutable_shadows()->mutable_lease() = Seconds(kLeaseSeconds);
    shop_.mutable_shadows()->set_levels_auto_max(1);
    shop_.mutable_bounds()->set_max(4);
    *shop_.mutable_trial()->mutable_warm_up() = Seconds(0.5);
    *shop_.mutable_trial()->mutable_deadline() = Seconds(2);
    REQUIRE_OK(host_.client().CreateService("shop", shop_));
    REQUIRE(Eventually([&] { return host_.ServersUp(2); }, 20));
    host_.StartUsers(60);
    REQUIRE(Eventually([&] { return Propose(3).ok(); }, 20));
  }

  // Kills at a random moment of a live trial; every second time the daemon stays away until leases have run
  // out.
  void KillAtRandom(bool stay_away) {
    EnterTrial();
    std::this_thread::sleep_for(std::chrono::duration<double>(rng_.Uniform() * 3.5));  // the random moment
    Acknowledge();
    host_.KillDaemon();
    if (stay_away) {
      AwaitShadowsGone();
    }
    Return();
  }

  // Kills itself before the n-th effect. With trials: two starts and two stops of shadows come first;
  // without, those of production follow at once.
  void KillBefore(int effect, bool trials) {
    StartFromTwo();
    SetTrials(trials);
    REQUIRE(host_.StopDaemon(5) == 0);
    host_.StartDaemon({{"SHADOWD_CRASH_BEFORE_EFFECT", std::to_string(effect)}});
    const bool crashed = Eventually(
        [&] {
          (void)Propose(Other(), std::chrono::seconds(10));
          return !host_.daemon().Running();
        },
        30);
    INFO(host_.Journal());
    REQUIRE(crashed);
    ++crashes_between_;
    Return();
    SetTrials(true);
  }

  int crashes_between() const { return crashes_between_; }

  void End() {
    AwaitRest();
    CheckAcknowledged();
    const LiveHost::Seen seen = host_.StopUsers();
    INFO("users: " << seen.sent << " requests, " << seen.errors << " failed");
    CHECK(seen.sent > 1000);
    CHECK(seen.errors * 1000 <= seen.sent);
    std::cout << fmt::format(
        "shadows were gone {:.1f} s after a kill at the latest (lease {:.0f} s); {} requests, "
        "{} failed\n",
        longest_, kLeaseSeconds, seen.sent, seen.errors);
    CHECK(host_.StopDaemon(5) == 0);
    CHECK(Count(host_.state_path(), "SELECT count(*) FROM intents WHERE ended = 0") == 0);
    CHECK(Count(host_.state_path(), "SELECT count(*) FROM trials WHERE ended = 0") == 0);
    CHECK(Count(host_.state_path(), "SELECT count(*) FROM shadows WHERE ended = 0") == 0);
    CHECK(Count(host_.state_path(), "SELECT count(*) FROM intents") > 0);
    CHECK(host_.Shadows().empty());
    host_.StartDaemon();
    REQUIRE_OK(host_.client().DeleteService(kShop));
    CHECK(Eventually([&] { return host_.Instances().empty(); }, 20));
    CHECK(host_.StopDaemon(5) == 0);
    CHECK(host_.AwaitGone(5) == "");
  }

 private:
  absl::StatusOr<Decision> Propose(int replicas, std::chrono::milliseconds wait = {}) {
    absl::StatusOr<Decision> decision = host_.client().ProposeScaling(kShop, replicas, wait);
    if (decision.ok()) {
      told_.decisions.insert(decision->name());
    }
    return decision;
  }

  // From two replicas to three and back.
  int Other() {
    const auto service = host_.client().Get<v1::Service>(kShop);
    return service.ok() && service->target() == 3 ? 2 : 3;
  }

  void StartFromTwo() {
    AwaitRest();
    if (Other() == 2) {
      SetTrials(false);
      REQUIRE(Eventually([&] { return Propose(2).ok(); }, 20));  // demand has to be seen first
      AwaitRest();
    }
  }

  // Leaves a trial running; proposals are refused while production is being changed.
  void EnterTrial() {
    REQUIRE(Eventually(
        [&] {
          const auto decision = Propose(Other());
          running_ = decision.ok() ? decision->trial() : "";
          return decision.ok() && decision->state() == Decision::TESTING;
        },
        20));
  }

  void SetTrials(bool trials) {
    AwaitRest();
    shop_.mutable_trial()->set_policy(trials ? v1::TrialSpec::AUTO : v1::TrialSpec::NEVER);
    REQUIRE_OK(host_.client().UpdateService(shop_, {"trial.policy"}));
  }

  // Writes something and remembers what was there to be seen just before the end.
  void Acknowledge() {
    v1::DemandSample sample;
    sample.mutable_time()->set_seconds(past_ + static_cast<int64_t>(told_.imports) * 15);
    sample.set_rps(kMark);
    if (host_.client().ImportHistory(kShop, {sample}, {}).ok()) {
      ++told_.imports;
    }
    for (const v1::Model& model : All<v1::Model>(host_.client(), kShop)) {
      told_.models.insert(model.name());
    }
  }

  void Return() {
    CheckProduction();
    host_.StartDaemon();
    AwaitShadowsGone();
    CheckTrialsClosed();
    CheckAcknowledged();
    CheckProduction();
    AwaitRest();
  }

  void AwaitShadowsGone() {
    const auto start = std::chrono::steady_clock::now();
    const bool gone = Eventually([&] { return host_.Shadows().empty(); }, kLeaseSeconds + kGraceSeconds);
    INFO(host_.Journal());
    CHECK(gone);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    longest_ = std::max(longest_, took.count());
  }

  // Those that the crash interrupted are INCONCLUSIVE; what was asked since may run.
  void CheckTrialsClosed() {
    for (const v1::Trial& trial : All<v1::Trial>(host_.client(), kShop)) {
      v1::Trial now = trial;
      Eventually(
          [&] {
            now = host_.client().Get<v1::Trial>(trial.name()).value_or(now);
            return Ended(now.state());
          },
          5);
      INFO(now.ShortDebugString());
      CHECK(Ended(now.state()));
      CHECK((trial.name() != running_ || now.state() == v1::Trial::INCONCLUSIVE ||
             now.state() == v1::Trial::SETTLED));
    }
  }

  // The daemon is away or back: users are served by two at least.
  void CheckProduction() {
    size_t up = 0;
    for (const scale::HaproxyRow& server : host_.Servers()) {
      up += server.up() ? 1 : 0;
    }
    CHECK(up >= 2);
    CHECK(host_.Instances().size() >= 2);
  }

  // Nothing is underway: the service is as decided, and HAProxy has those servers and no others.
  void AwaitRest() {
    const bool rest = Eventually(
        [&] {
          const auto service = host_.client().Get<v1::Service>(kShop);
          if (!service.ok() || service->instances() != service->target()) {
            return false;
          }
          for (const Decision& decision : All<Decision>(host_.client(), kShop)) {
            if (decision.state() == Decision::TESTING || decision.state() == Decision::APPLYING) {
              return false;
            }
          }
          const auto target = static_cast<size_t>(service->target());
          return host_.ServersUp(target) && host_.Instances().size() == target && host_.Shadows().empty();
        },
        40);
    INFO(host_.Journal());
    REQUIRE(rest);
  }

  void CheckAcknowledged() {
    const auto service = host_.client().Get<v1::Service>(kShop);
    REQUIRE_OK(service);
    std::set<std::string> decisions, models;
    for (const Decision& decision : All<Decision>(host_.client(), kShop)) {
      decisions.insert(decision.name());
    }
    for (const v1::Model& model : All<v1::Model>(host_.client(), kShop)) {
      models.insert(model.name());
    }
    for (const std::string& name : told_.decisions) {
      INFO(name);
      CHECK(decisions.count(name) == 1);
    }
    for (const std::string& name : told_.models) {
      INFO(name);
      CHECK(models.count(name) == 1);
    }
    const std::string marked = fmt::format("SELECT count(*) FROM demand WHERE rps = {}", kMark);
    CHECK(static_cast<size_t>(Count(host_.directory() + "/state/telemetry.db", marked)) == told_.imports);
  }

  LiveHost host_;
  v1::Service shop_;
  Rng rng_;
  Acknowledged told_;
  const int64_t past_ = ::time(nullptr) - 7200;  // imported samples begin here
  std::string running_;                          // the trial that was killed last
  int crashes_between_ = 0;
  double longest_ = 0;  // seconds that a shadow was there after its daemon's end or return
};

// Production without trials: start, add | drain, remove, stop. With: two shadows start and stop before.
constexpr int kEffectsUntested = 5;
constexpr int kEffectsTested = 4;

void Endure(uint64_t seed, int random, int rounds) {
  Ordeal ordeal(seed);
  for (int i = 0; i < random; ++i) {
    ordeal.KillAtRandom(i % 2 == 1);
  }
  for (int round = 0; round < rounds; ++round) {
    for (int effect = 1; effect <= kEffectsUntested; ++effect) {
      ordeal.KillBefore(effect, false);
    }
    for (int effect = 1; effect <= kEffectsTested; ++effect) {
      ordeal.KillBefore(effect, true);
    }
  }
  CHECK(ordeal.crashes_between() == rounds * (kEffectsUntested + kEffectsTested));
  ordeal.End();
}

}  // namespace

TEST_CASE("twenty SIGKILLs lose nothing that was acknowledged, no production, and leave no shadow") {
  Endure(1, 11, 1);
}

TEST_CASE("two hundred SIGKILLs lose nothing that was acknowledged: the first hundred", "[slow]") {
  Endure(2, 55, 5);
}

TEST_CASE("two hundred SIGKILLs lose nothing that was acknowledged: the second hundred", "[slow]") {
  Endure(3, 55, 5);
}
