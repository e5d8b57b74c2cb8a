#include "sim/hpa.h"

#include <catch2/catch.hpp>

namespace shadowd::sim {
namespace {

using namespace std::chrono_literals;

InstanceView Ready(double utilisation, double rps = 0) {
  InstanceView view;
  view.started_at = view.ready_at = -24h;
  view.ready = view.measured = true;
  view.window_start = 985s;
  view.utilisation = utilisation;
  view.demand_rps = rps;
  return view;
}

InstanceView Missing() {
  InstanceView view = Ready(0);
  view.measured = false;
  return view;
}

InstanceView Starting() {
  return InstanceView{};
}

std::vector<InstanceView> Fleet(std::vector<std::pair<int, InstanceView>> parts) {
  std::vector<InstanceView> fleet;
  for (const auto& [count, view] : parts) {
    fleet.insert(fleet.end(), static_cast<size_t>(count), view);
  }
  return fleet;
}

std::optional<int> OnCpu(const std::vector<InstanceView>& fleet) {
  return HpaReplicas(HpaMetric{}, fleet, static_cast<int>(fleet.size()), 1000s, HpaOptions{});
}

TEST_CASE("replicas follow the ratio of metric to target, outside of the tolerance") {
  CHECK(OnCpu(Fleet({{4, Ready(0.90)}})) == 6);
  CHECK(OnCpu(Fleet({{4, Ready(0.65)}})) == 4);
  CHECK(OnCpu(Fleet({{4, Ready(0.66)}})) == 4);  // 1.1 exactly is within
  CHECK(OnCpu(Fleet({{4, Ready(0.67)}})) == 5);
  CHECK(OnCpu(Fleet({{4, Ready(0.669)}})) == 4);  // whole per cent, rounded down
  CHECK(OnCpu(Fleet({{10, Ready(0.54)}})) == 10);
  CHECK(OnCpu(Fleet({{10, Ready(0.53)}})) == 9);  // 8.83
  CHECK(OnCpu(Fleet({{2, Ready(1.0)}, {2, Ready(0.8)}})) == 6);
  CHECK(OnCpu(Fleet({{4, Ready(0)}})) == 0);  // bounds are not its business
}

TEST_CASE("instances without a metric use all on the way in and nothing on the way out") {
  CHECK(OnCpu(Fleet({{4, Ready(0.10)}, {2, Missing()}})) == 4);  // 2.4 / 6 = 40 %, 4.0
  CHECK(OnCpu(Fleet({{4, Ready(0.30)}, {2, Missing()}})) == 6);  // 53 %, 5.3
  CHECK(OnCpu(Fleet({{3, Ready(0.90)}, {1, Missing()}})) == 5);  // 67 %, 4.47
  CHECK(OnCpu(Fleet({{6, Ready(0.57)}, {1, Missing()}})) == 7);  // 63 % after 57 %: it turned
}

TEST_CASE("a recomputed ratio that turns round changes nothing") {
  CHECK(OnCpu(Fleet({{2, Ready(0.50)}, {4, Missing()}})) == 6);  // in by 83 %, then 138 %
  CHECK(OnCpu(Fleet({{3, Ready(0.90)}, {3, Missing()}})) == 6);  // out by 150 %, then 75 %
}

TEST_CASE("instances that are not ready use nothing on the way out and do not count on the way in") {
  CHECK(OnCpu(Fleet({{4, Ready(0.90)}, {2, Starting()}})) == 6);  // 60 %: those on their way will do
  CHECK(OnCpu(Fleet({{4, Ready(0.90)}, {1, Starting()}})) == 6);  // 72 %, 1.2 * 5
  CHECK(OnCpu(Fleet({{4, Ready(0.30)}, {2, Starting()}})) == 2);
  CHECK_FALSE(OnCpu(Fleet({{4, Starting()}})).has_value());
  CHECK_FALSE(OnCpu(Fleet({{4, Missing()}, {1, Starting()}})).has_value());
}

TEST_CASE("a metric from before an instance was ready does not count in its first minutes") {
  InstanceView fresh = Ready(3.0);  // busy with its start
  fresh.started_at = 930s;
  fresh.ready_at = 990s;
  const std::vector<InstanceView> fleet = Fleet({{4, Ready(0.60)}, {1, fresh}});
  CHECK(OnCpu(fleet) == 5);
  CHECK(HpaReplicas(HpaMetric{}, fleet, 5, 930s + 5min, HpaOptions{}) == 9);  // 108 %: 1.8 * 5
  fresh.window_start = 990s;
  CHECK(OnCpu(Fleet({{4, Ready(0.60)}, {1, fresh}})) == 9);
}

TEST_CASE("demand per instance has the same rules with the target for what is missing") {
  const HpaMetric metric{HpaMetric::Kind::kDemandPerInstance, 100};
  const auto ask = [&](const std::vector<InstanceView>& fleet) {
    return HpaReplicas(metric, fleet, static_cast<int>(fleet.size()), 1000s, HpaOptions{});
  };
  CHECK(ask(Fleet({{3, Ready(0, 150)}})) == 5);
  CHECK(ask(Fleet({{3, Ready(0, 109)}})) == 3);
  CHECK(ask(Fleet({{3, Ready(0, 50)}, {1, Missing()}})) == 3);  // 250 / 4: 2.5
  InstanceView fresh = Ready(0, 150);
  fresh.started_at = 930s;
  fresh.ready_at = 990s;
  CHECK(ask(Fleet({{2, Ready(0, 150)}, {1, fresh}})) == 5);  // the rule for fresh ones is CPU's alone
}

TEST_CASE("a metric of the whole service is shared by all replicas") {
  CHECK(HpaReplicasOfTotal(450, 100, 4, 0.1) == 5);
  CHECK(HpaReplicasOfTotal(440, 100, 4, 0.1) == 4);  // 1.1 is within
  CHECK(HpaReplicasOfTotal(200, 100, 4, 0.1) == 2);
  CHECK(HpaReplicasOfTotal(150, 100, 0, 0.1) == 2);
}

TEST_CASE("out goes by four instances or by as many again in a period, whichever is more") {
  HpaBehaviour small(HpaOptions{});
  CHECK(small.Limit(0s, 2, 40) == 6);
  CHECK(small.Limit(10s, 6, 40) == 6);  // the same period: 2 + 4
  CHECK(small.Limit(15s, 6, 40) == 12);
  CHECK(small.Limit(30s, 12, 13) == 13);
  HpaBehaviour large(HpaOptions{});
  CHECK(large.Limit(0s, 10, 40) == 20);
}

TEST_CASE("in waits until five minutes have not asked for more") {
  HpaBehaviour behaviour(HpaOptions{});
  CHECK(behaviour.Limit(0s, 10, 10) == 10);
  for (int t = 15; t < 300; t += 15) {
    CHECK(behaviour.Limit(FromSeconds(t), 10, t < 100 ? 5 : 3) == 10);
  }
  CHECK(behaviour.Limit(300s, 10, 3) == 5);  // the largest since: asked at 15 s to 90 s
  CHECK(behaviour.Limit(400s, 5, 3) == 3);
  CHECK(behaviour.Limit(415s, 3, 7) == 7);  // out does not wait
}

TEST_CASE("what it found counts as its first recommendation") {
  HpaBehaviour behaviour(HpaOptions{});
  CHECK(behaviour.Limit(0s, 10, 3) == 10);
  CHECK(behaviour.Limit(299s, 10, 3) == 10);
  CHECK(behaviour.Limit(300s, 10, 3) == 3);
}

TEST_CASE("in may be limited to a share in a period") {
  HpaOptions options;
  options.in_share_max = 0.2;
  options.stabilisation_in = 0s;
  HpaBehaviour behaviour(options);
  CHECK(behaviour.Limit(0s, 10, 2) == 8);
  CHECK(behaviour.Limit(5s, 8, 2) == 8);   // 10 - 20 %
  CHECK(behaviour.Limit(20s, 8, 2) == 6);  // 6.4 rounded down
}

TEST_CASE("of several metrics the largest counts, and one that fails forbids to go in") {
  DemandLog log;
  log.step = 15s;
  const std::vector<InstanceView> fleet = Fleet({{4, Ready(0.30, 200)}});
  HpaOptions options;
  options.stabilisation_in = 0s;
  options.metrics.push_back({HpaMetric::Kind::kDemandPerInstance, 100});
  CHECK(Hpa(options).Decide({1000s, {}, 4, 4, fleet, log}) == 8);
  options.metrics[1].target = 1000;
  CHECK(Hpa(options).Decide({1000s, {}, 4, 4, fleet, log}) == 2);

  InstanceView fresh = Ready(0.9, 300);  // its CPU does not count yet, its demand does
  fresh.started_at = 930s;
  fresh.ready_at = 990s;
  const std::vector<InstanceView> all_fresh = Fleet({{4, fresh}});
  options.metrics[1].target = 100;
  CHECK(Hpa(options).Decide({1000s, {}, 4, 4, all_fresh, log}) == 8);  // 12, at most twice as many
  options.metrics[1].target = 1000;
  CHECK(Hpa(options).Decide({1000s, {}, 4, 4, all_fresh, log}) == 4);
  CHECK(Hpa().Decide({1000s, {}, 4, 4, all_fresh, log}) == 4);
}

}  // namespace
}  // namespace shadowd::sim
