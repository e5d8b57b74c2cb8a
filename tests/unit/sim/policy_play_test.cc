#include "sim/policy_play.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>

#include "require_ok.h"
#include "scenes.h"
#include "sim/hourly_max.h"
#include "sim/hpa.h"
#include "sim/oracle.h"
#include "sim/static_peak.h"
#include "sim/target_tracking.h"
#include "sim/weekly_offset.h"
#include "sim/window_plant.h"

namespace shadowd::sim {
namespace {

using namespace std::chrono_literals;

// Asks for what a function says of what it is shown.
class Told : public Policy {
 public:
  explicit Told(std::function<int(const PolicyView&)> tell) : tell_(std::move(tell)) {}
  std::string name() const override { return "told"; }
  int Decide(const PolicyView& view) override { return tell_(view); }

 private:
  std::function<int(const PolicyView&)> tell_;
};

Play PlayTold(const Scene& scene, int initial, std::function<int(const PolicyView&)> tell) {
  LoadTable table(scene.plant);
  Told policy(std::move(tell));
  return PlayPolicy(scene, policy, table, initial);
}

TEST_CASE("an instance serves a start-up after it was asked for, and costs from then on") {
  const Scene scene = SceneOf(std::vector<double>(40, 300));
  const Play play = PlayTold(scene, 3, [](const PolicyView& view) {
    return view.now < 150s ? 3 : view.now < 300s ? 5 : 2;
  });
  REQUIRE(play.steps.size() == 40);
  CHECK(play.steps[9].wanted == 3);
  CHECK(play.steps[10].wanted == 5);
  CHECK(play.steps[10].serving == 3);
  CHECK(play.steps[10].paid == 5);
  CHECK(play.steps[13].serving == 3);
  CHECK(play.steps[14].serving == 5);  // 60 s
  CHECK(play.steps[20].serving == 2);
  CHECK(play.steps[20].paid == 5);  // three drain
  CHECK(play.steps[21].paid == 2);
  CHECK(play.policy == "told");
}

TEST_CASE("what is no longer wanted before it is ready is not started") {
  const Scene scene = SceneOf(std::vector<double>(10, 100));
  const Play play = PlayTold(scene, 3, [](const PolicyView& view) { return view.now < 30s ? 6 : 4; });
  CHECK(play.steps[1].paid == 6);
  CHECK(play.steps[2].paid == 4);
  CHECK(play.steps[2].serving == 3);
  CHECK(play.steps[4].serving == 4);
}

TEST_CASE("a start that fails is tried again") {
  Scene scene = SceneOf(std::vector<double>(400, 100));
  scene.start_failure = 0.5;
  const Play play = PlayTold(scene, 1, [](const PolicyView&) { return 21; });
  CHECK(play.steps[3].serving == 1);
  CHECK(play.steps[4].serving > 5);
  CHECK(play.steps[4].serving < 17);
  CHECK(play.steps[8].serving > play.steps[4].serving);
  CHECK(play.steps.back().serving == 21);
  CHECK(std::all_of(play.steps.begin(), play.steps.end(),
                    [](const PlayStep& step) { return step.paid == 21; }));
}

TEST_CASE("the bounds of the spec hold for every policy") {
  Scene scene = SceneOf(std::vector<double>(10, 100));
  scene.spec.bounds = {.min = 2, .max = 5};
  CHECK(PlayTold(scene, 3, [](const PolicyView&) { return 100; }).steps.back().wanted == 5);
  CHECK(PlayTold(scene, 3, [](const PolicyView&) { return 0; }).steps.back().wanted == 2);
}

TEST_CASE("instances that die are replaced, and users notice") {
  Scene scene = SceneOf(std::vector<double>(40, 600));
  scene.events = {{SceneEventKind::kFailure, 150s, 3, {}}};
  const Play play = PlayTold(scene, 4, [](const PolicyView&) { return 4; });
  CHECK(play.steps[9].violation_share == 0);
  CHECK(play.steps[10].serving == 1);
  CHECK(play.steps[10].paid == 4);
  CHECK(play.steps[10].violation_share == 1);
  CHECK(play.steps[10].over_share > 0.5);
  CHECK(play.steps[14].serving == 4);
  CHECK(play.steps.back().violation_share == 0);
}

TEST_CASE("a deploy makes requests slower and dearer for good") {
  Scene scene = SceneOf(std::vector<double>(40, 160));
  scene.events = {{SceneEventKind::kDeploy, 300s, 1.5, {}}};
  double before = 0, after = 0;
  const Play play = PlayTold(scene, 4, [&](const PolicyView& view) {
    (view.now <= 300s ? before : after) = view.log.cpu_cores.empty() ? 0 : view.log.cpu_cores.back();
    return 4;
  });
  CHECK(after == Approx(1.5 * before).epsilon(0.1));
  CHECK(play.steps[25].p_us == Approx(1.5 * play.steps[15].p_us).epsilon(0.15));
}

TEST_CASE("metrics come a window and their delay after the fact, or not at all") {
  Scene scene = SceneOf(std::vector<double>(200, 300), std::vector<double>(10, 200));
  scene.metric_delay = 30s;
  scene.events = {{SceneEventKind::kOutage, 600s, 1, 300s}};
  size_t missing = 0;
  PlayTold(scene, 3, [&](const PolicyView& view) {
    CHECK(view.log.end() == view.wall - std::min(Micros(30s), view.now));
    CHECK(view.log.size() ==
          10 + static_cast<size_t>(std::max(view.now - Micros(30s), Micros(0)) / Micros(15s)));
    const bool unknown = !view.log.demand_rps.empty() && std::isnan(view.log.demand_rps.back());
    missing += unknown ? 1 : 0;
    if (view.now > 60s && !unknown) {
      CHECK(view.log.demand_rps.back() == Approx(300).epsilon(0.1));
      CHECK(view.instances[0].demand_rps == Approx(100).epsilon(0.1));
      CHECK(view.instances[0].utilisation == Approx(0.5).epsilon(0.1));
    }
    const bool silent = view.now > 600s + 75s && view.now <= 600s + 300s + 30s;
    if (view.now > 60s && (silent || view.now < 600s)) {
      CHECK(view.instances[0].measured == !silent);
    }
    return 3;
  });
  CHECK(missing == 20);

  scene.events.clear();
  scene.metric_loss = 0.3;
  int lost = 0, unmeasured = 0, asked = 0;
  PlayTold(scene, 3, [&](const PolicyView& view) {
    lost += std::isnan(view.log.demand_rps.back()) ? 1 : 0;
    unmeasured += view.instances[1].measured ? 0 : 1;
    ++asked;
    return 3;
  });
  CHECK(lost > asked / 5);
  CHECK(lost < asked / 2);
  CHECK(unmeasured > 0);
}

TEST_CASE("a fresh instance has no metric until it served a whole window") {
  const Scene scene = SceneOf(std::vector<double>(40, 300));
  PlayTold(scene, 3, [](const PolicyView& view) {
    if (view.now >= 15s && view.now < 60s) {
      CHECK(view.instances.size() == 4);
      CHECK_FALSE(view.instances[3].ready);
    } else if (view.now == Micros(60s)) {
      CHECK(view.instances[3].ready);
      CHECK_FALSE(view.instances[3].measured);
      CHECK(view.ready == 4);
    } else if (view.now == Micros(75s)) {
      CHECK(view.instances[3].measured);
      CHECK(view.instances[3].window_start == view.instances[3].ready_at);
    }
    return 4;
  });
}

std::vector<std::unique_ptr<Policy>> SimplePolicies(const Scene& scene) {
  const InstanceFacts facts = FactsOf(scene);
  std::vector<std::unique_ptr<Policy>> policies;
  policies.push_back(std::make_unique<Hpa>());
  policies.push_back(std::make_unique<TargetTracking>(facts));
  policies.push_back(std::make_unique<HourlyMax>(facts));
  policies.push_back(std::make_unique<WeeklyOffset>(facts));
  policies.push_back(std::make_unique<StaticPeak>(facts));
  return policies;
}

bool Same(const PlayStep& a, const PlayStep& b) {
  return a.demand_rps == b.demand_rps && a.serving == b.serving && a.paid == b.paid && a.wanted == b.wanted &&
         a.p_us == b.p_us && a.over_share == b.over_share && a.violation_share == b.violation_share;
}

TEST_CASE("a trace that ends earlier or goes on otherwise changes nothing before") {
  const std::vector<double> days = Days(2);
  const std::vector<double> history(days.begin(), days.begin() + 5760);
  std::vector<double> played(days.begin() + 5760, days.end());
  Scene whole = SceneOf(played, history);
  whole.metric_loss = 0.02;
  whole.start_failure = 0.1;
  whole.start_up_cv = 0.2;
  whole.metric_delay = 15s;
  whole.events = {{SceneEventKind::kFlash, 3h, 1.5, 20min}, {SceneEventKind::kFailure, 8h, 3, {}}};
  constexpr size_t kCut = 2500;
  Scene cut = whole;
  cut.trace.demand_rps.resize(kCut);
  Scene other = whole;
  std::fill(other.trace.demand_rps.begin() + kCut, other.trace.demand_rps.end(), 5000.0);
  other.events.push_back({SceneEventKind::kDeploy, 15s * kCut, 2, {}});
  LoadTable table(whole.plant);
  for (size_t i = 0; i < SimplePolicies(whole).size(); ++i) {
    const Play full = PlayPolicy(whole, *SimplePolicies(whole)[i], table, 6);
    const Play shorter = PlayPolicy(cut, *SimplePolicies(cut)[i], table, 6);
    const Play different = PlayPolicy(other, *SimplePolicies(other)[i], table, 6);
    INFO(full.policy);
    REQUIRE(shorter.steps.size() == kCut);
    CHECK(std::equal(shorter.steps.begin(), shorter.steps.end(), full.steps.begin(), Same));
    CHECK(std::equal(shorter.steps.begin(), shorter.steps.end(), different.steps.begin(), Same));
    CHECK_FALSE(std::equal(full.steps.begin(), full.steps.end(), different.steps.begin(), Same));
  }
}

TEST_CASE("a play is repeatable, and another seed is another play of the same demand") {
  Scene scene = SceneOf(Days(0.2));
  LoadTable table(scene.plant);
  Hpa first, again, other;
  const Play play = PlayPolicy(scene, first, table, 4);
  const Play repeated = PlayPolicy(scene, again, table, 4);
  CHECK(std::equal(play.steps.begin(), play.steps.end(), repeated.steps.begin(), Same));
  scene.seed = 2;
  const Play seeded = PlayPolicy(scene, other, table, 4);
  CHECK_FALSE(std::equal(play.steps.begin(), play.steps.end(), seeded.steps.begin(), Same));
  CHECK(seeded.steps[500].demand_rps == Approx(play.steps[500].demand_rps).epsilon(0.1));
}

TEST_CASE("HPA keeps about sixty per cent of the CPU busy, the oracle as many as needed") {
  Scene scene = SceneOf(Days(1), Days(1));
  LoadTable table(scene.plant);
  CapacityTable capacity(scene, table);
  const int initial = InitialLevel(scene, capacity);
  Hpa hpa;
  Oracle oracle(scene, capacity);
  const Play reactive = PlayPolicy(scene, hpa, table, initial);
  const Play informed = PlayPolicy(scene, oracle, table, initial);
  double demand = 0, reactive_instances = 0, informed_instances = 0, violations = 0;
  for (size_t i = 0; i < reactive.steps.size(); ++i) {
    demand += reactive.steps[i].demand_rps;
    reactive_instances += reactive.steps[i].serving;
    informed_instances += informed.steps[i].serving;
    violations += informed.steps[i].violation_share;
  }
  CHECK(demand / reactive_instances / FullLoadRps(scene.plant) == Approx(0.6).margin(0.06));
  CHECK(informed_instances < 0.85 * reactive_instances);
  CHECK(violations / static_cast<double>(informed.steps.size()) < CapacityTable::kViolationsMax);
}

}  // namespace
}  // namespace shadowd::sim
