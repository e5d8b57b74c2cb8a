#include <catch2/catch.hpp>
#include <cmath>

#include "scenes.h"
#include "sim/capacity_table.h"
#include "sim/hourly_max.h"
#include "sim/oracle.h"
#include "sim/policy.h"
#include "sim/static_peak.h"
#include "sim/target_tracking.h"
#include "sim/weekly_offset.h"
#include "sim/window_plant.h"

namespace shadowd::sim {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kStart = WallTime(24h * 365 * 50);
const InstanceFacts kFacts{0.08, 0.4e-3};  // four slots of 20 ms; 120 requests a second are 60 %

// A log of hours, each of one demand.
DemandLog LogOf(const std::vector<double>& hours) {
  DemandLog log;
  log.step = 1min;
  log.start = kStart - 1h * static_cast<int64_t>(hours.size());
  for (const double rps : hours) {
    log.demand_rps.insert(log.demand_rps.end(), 60, rps);
    log.cpu_cores.insert(log.cpu_cores.end(), 60, rps * kFacts.cpu_seconds_per_request);
  }
  return log;
}

// A fleet at a utilisation, minute by minute.
class Minutes {
 public:
  explicit Minutes(Policy& policy) : policy_(policy) { log_.step = 15s; }

  int Ask(double utilisation, int wanted, int ready) {
    now_ += 1min;
    const double cores = utilisation * ready * kFacts.cpu_request_cores;
    log_.cpu_cores.insert(log_.cpu_cores.end(), 4, cores);
    log_.demand_rps.insert(log_.demand_rps.end(), 4, cores / kFacts.cpu_seconds_per_request);
    return policy_.Decide({now_, kStart + now_, wanted, ready, {}, log_});
  }

 private:
  Policy& policy_;
  Micros now_{0};
  DemandLog log_;
};

TEST_CASE("an instance's CPU request is what all its slots use, whatever a request costs") {
  Scene scene = SceneOf({100});
  CHECK(FactsOf(scene).cpu_request_cores == Approx(0.08));
  CHECK(FactsOf(scene).cpu_seconds_per_request == Approx(0.4e-3));
  scene.plant = Dearer(scene.plant, 1.3);
  CHECK(FactsOf(scene).cpu_request_cores == Approx(0.08));
  scene.plant.idle_cores = 0.02;
  CHECK(FactsOf(scene).cpu_request_cores == Approx(0.10));
}

TEST_CASE("target tracking adds after three minutes, and again only if that is more") {
  TargetTracking policy(kFacts);
  Minutes minutes(policy);
  CHECK(minutes.Ask(0.9, 4, 4) == 4);
  CHECK(minutes.Ask(0.9, 4, 4) == 4);
  CHECK(minutes.Ask(0.9, 4, 4) == 6);
  CHECK(minutes.Ask(0.9, 6, 4) == 6);  // the two are on their way
  CHECK(minutes.Ask(1.2, 6, 4) == 8);  // it got worse
  CHECK(minutes.Ask(0.5, 8, 8) == 8);
  CHECK(minutes.Ask(0.9, 8, 8) == 8);  // the row starts anew
  CHECK(minutes.Ask(std::nan(""), 8, 8) == 8);
  CHECK(minutes.Ask(0.9, 8, 8) == 8);
  CHECK(minutes.Ask(0.9, 8, 8) == 8);
  CHECK(minutes.Ask(0.9, 8, 8) == 12);
}

TEST_CASE("target tracking takes a tenth away after a quiet quarter of an hour") {
  TargetTracking policy(kFacts);
  Minutes minutes(policy);
  for (int i = 0; i < 14; ++i) {
    CHECK(minutes.Ask(0.3, 30, 30) == 30);
  }
  CHECK(minutes.Ask(0.3, 30, 30) == 27);
  for (int i = 0; i < 4; ++i) {
    CHECK(minutes.Ask(0.3, 27, 27) == 27);  // cooling down
  }
  CHECK(minutes.Ask(0.3, 27, 27) == 25);  // 2.7, rounded down
  for (int i = 0; i < 30; ++i) {
    CHECK(minutes.Ask(0.55, 25, 25) == 25);  // within nine tenths of the target
  }
}

TEST_CASE("an hour's forecast is the mean of its weeks, of its days while there is no week") {
  std::vector<double> hours(15 * 24, 100);
  const int64_t next = kStart.time_since_epoch() / Micros(1h);  // the hour that begins
  const auto ago = [&](int count) -> double& { return hours[hours.size() - static_cast<size_t>(count)]; };
  ago(7 * 24) = 500;
  ago(14 * 24) = 300;
  ago(24) = 900;
  CHECK(ForecastHourlyMax(LogOf(hours), next).value() == 400);
  hours.erase(hours.begin(), hours.end() - 3 * 24);
  CHECK(ForecastHourlyMax(LogOf(hours), next).value() == Approx((900 + 100 + 100) / 3.0));
  hours.erase(hours.begin(), hours.end() - 10);
  CHECK_FALSE(ForecastHourlyMax(LogOf(hours), next).has_value());
}

TEST_CASE("hourly maximum is a floor that is launched a buffer ahead") {
  std::vector<double> hours(8 * 24, 120);
  hours[hours.size() - 7 * 24 + 1] = 1150;  // a week before the second hour from now
  DemandLog log = LogOf(hours);
  HourlyMax policy(kFacts);
  const auto ask = [&](Micros now, int wanted) {
    return policy.Decide({now, kStart + now, wanted, wanted, {}, log});
  };
  CHECK(ask(1min, 1) == 1);
  CHECK(ask(54min, 1) == 1);
  CHECK(ask(55min, 1) == 10);  // 1150 / 120
  CHECK(ask(61min, 10) == 10);
  CHECK(ask(61min, 30) == 30);  // never a reason to go in
  // After the costs of a request doubled for a day, the same demand needs twice as many.
  for (size_t i = log.size() - 24 * 60; i < log.size(); ++i) {
    log.cpu_cores[i] *= 2;
  }
  HourlyMax later(kFacts);
  CHECK(later.Decide({61min, kStart + 61min, 10, 10, {}, log}) == 20);
}

TEST_CASE("weekly offset takes the larger of now and the half hour ahead a week ago") {
  std::vector<double> hours(8 * 24, 300);
  hours[hours.size() - 7 * 24] = 600;
  hours[hours.size() - 7 * 24 + 1] = 1150;
  DemandLog log = LogOf(hours);
  const std::vector<InstanceView> fleet(10);
  const auto ask = [&](Micros now) {
    WeeklyOffset policy(kFacts);
    return policy.Decide({now, kStart + now, 5, 5, std::span(fleet).first(5), log});
  };
  CHECK(ask(0s) == 5);  // 600 / 120
  CHECK(ask(29min) == 5);
  CHECK(ask(31min) == 10);  // the second hour is in sight: 1150 / 120, at most twice as many
  log.cpu_cores.back() = 700 * kFacts.cpu_seconds_per_request;
  CHECK(ask(0s) == 6);  // now is more
  log.cpu_cores.back() = std::nan("");
  CHECK(ask(31min) == 10);
}

TEST_CASE("weekly offset looks back a day while there is no week, and does not go in half blind") {
  std::vector<double> hours(3 * 24, 120);
  hours[hours.size() - 24] = 600;
  DemandLog log = LogOf(hours);
  const std::vector<InstanceView> fleet(8);
  WeeklyOffset policy(kFacts);
  CHECK(policy.Decide({0s, kStart, 2, 2, std::span(fleet).first(2), log}) == 5);
  log.cpu_cores.back() = std::nan("");
  HpaOptions quick;
  quick.stabilisation_in = 0s;
  WeeklyOffset blind(kFacts, {.behaviour = quick});
  CHECK(blind.Decide({2h, kStart + 2h, 8, 8, fleet, log}) == 8);
  log.cpu_cores.back() = log.demand_rps.back() * kFacts.cpu_seconds_per_request;
  WeeklyOffset seeing(kFacts, {.behaviour = quick});
  const Micros later = 2h;
  seeing.Decide({later - 15s, kStart + later - 15s, 8, 8, fleet, log});
  CHECK(seeing.Decide({later, kStart + later, 8, 8, fleet, log}) == 1);
}

TEST_CASE("static peak stays at the peak of history with head-room") {
  DemandLog log = LogOf({100, 1150, std::nan(""), 300});
  StaticPeak policy(kFacts);
  CHECK(policy.Decide({0s, kStart, 3, 3, {}, log}) == 11);  // 1265 / 120
  log.demand_rps.back() = 5000;
  CHECK(policy.Decide({1h, kStart + 1h, 11, 11, {}, log}) == 11);
  const DemandLog nothing = LogOf({});
  CHECK(StaticPeak(kFacts).Decide({0s, kStart, 3, 3, {}, nothing}) == 3);
}

TEST_CASE("what instances hold grows with their number and shrinks with the cost of a request") {
  LoadTable loads(PlantOptions{});
  CapacityTable capacity(SceneOf({100}), loads);
  const double one = capacity.MaxDemand(1, 1);
  INFO("one instance holds " << one);
  CHECK(one > 130);
  CHECK(one < 185);
  CHECK(capacity.MaxDemand(10, 1) > 10 * one);  // windows of many requests vary less
  CHECK(capacity.MaxDemand(10, 1) < 12 * one);
  CHECK(capacity.MaxDemand(10, 1.3) < capacity.MaxDemand(10, 1) / 1.3);
  CHECK(capacity.MaxDemand(7, 1) > capacity.MaxDemand(6, 1));
  CHECK(capacity.MaxDemand(0, 1) == 0);

  const CapacityTable::Answer answer = capacity.SmallestLevel(5 * one, 1, 1, 40);
  CHECK(answer.holds);
  CHECK(capacity.MaxDemand(answer.level, 1) >= 5 * one);
  CHECK(capacity.MaxDemand(answer.level - 1, 1) < 5 * one);
  CHECK(capacity.SmallestLevel(0, 1, 2, 40).level == 2);
  CHECK_FALSE(capacity.SmallestLevel(1e6, 1, 2, 40).holds);
  CHECK(capacity.SmallestLevel(1e6, 1, 2, 40).level == 40);
}

TEST_CASE("contention makes the last instances worth less") {
  Scene scene = SceneOf({100});
  LoadTable loads(scene.plant);
  CapacityTable free(scene, loads);
  scene.contention = 0.02;
  CapacityTable contended(scene, loads);
  CHECK(contended.MaxDemand(1, 1) == Approx(free.MaxDemand(1, 1)).epsilon(0.02));
  CHECK(contended.MaxDemand(10, 1) < free.MaxDemand(10, 1) / 1.18);
}

TEST_CASE("the oracle asks a start ahead for the fewest that hold") {
  std::vector<double> demand(200, 500);
  std::fill(demand.begin() + 100, demand.begin() + 120, 1500);
  Scene scene = SceneOf(demand);
  LoadTable loads(scene.plant);
  CapacityTable capacity(scene, loads);
  const int low = capacity.SmallestLevel(500, 1, 1, 40).level;
  const int high = capacity.SmallestLevel(1500, 1, 1, 40).level;
  Oracle oracle(scene, capacity);
  DemandLog log;
  const auto at = [&](Policy& policy, int step) {
    return policy.Decide({15s * step, kStart, 1, 1, {}, log});
  };
  CHECK(at(oracle, 95) == low);
  CHECK(at(oracle, 96) == high);  // a start takes four steps
  CHECK(at(oracle, 119) == high);
  CHECK(at(oracle, 120) == low);
  DistributionOracle distribution(scene, capacity);
  CHECK(at(distribution, 20) == low);
  CHECK(at(distribution, 50) == high);  // a quarter of an hour around
  CHECK(at(distribution, 170) == high);
  CHECK(at(distribution, 185) == low);
  scene.events = {{SceneEventKind::kDeploy, 15s * 150, 1.5, {}}};
  Oracle informed(scene, capacity);
  CHECK(at(informed, 160) == capacity.SmallestLevel(500, 1.5, 1, 40).level);
  CHECK(at(informed, 160) > low);
}

}  // namespace
}  // namespace shadowd::sim
