#include "sim/window_plant.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "fleet_run.h"

namespace shadowd::sim {
namespace {

using namespace std::chrono_literals;

constexpr double kWindow = 15;

struct Mean {
  double p50 = 0, p95 = 0, spread_p95 = 0, served_rps = 0, cpu_cores = 0;
};

template <typename ServeWindow>
Mean MeanOf(int windows, ServeWindow serve) {
  Mean mean;
  double squares = 0;
  for (int i = 0; i < windows; ++i) {
    const FleetWindow window = serve();
    mean.p50 += window.p50_us / windows;
    mean.p95 += window.p95_us / windows;
    squares += window.p95_us * window.p95_us / windows;
    mean.served_rps += static_cast<double>(window.completed) / kWindow / windows;
    mean.cpu_cores += window.cpu_seconds / kWindow / windows;
  }
  mean.spread_p95 = std::sqrt(std::max(0.0, squares - mean.p95 * mean.p95));
  return mean;
}

FleetWindow Flat(const ServedWindow& served) {
  return {served.p50_us,          served.p95_us,
          served.service.offered, served.service.completed,
          served.service.errors,  served.service.cpu_seconds};
}

void Compare(model::Balancing balancing, int instances, double utilisation) {
  const PlantOptions options;
  const double demand = utilisation * instances * FullLoadRps(options);
  FleetRun fleet(options, instances, balancing == model::Balancing::kRoundRobin, 7);
  for (int i = 0; i < 3; ++i) {
    fleet.Serve(demand, kWindow);
  }
  const Mean real = MeanOf(60, [&] { return fleet.Serve(demand, kWindow); });
  LoadTable table(options, balancing);
  WindowPlant plant(options, 0, table, Rng(8));
  plant.AddWarm(instances);
  const Mean ours = MeanOf(400, [&] { return Flat(plant.Serve(demand, 15s, WallTime{})); });
  INFO(instances << " instances at " << utilisation << ": p50 " << real.p50 << " " << ours.p50 << ", p95 "
                 << real.p95 << " " << ours.p95 << ", spread " << real.spread_p95 << " " << ours.spread_p95);
  CHECK(ours.p50 == Approx(real.p50).epsilon(utilisation > 0.9 ? 0.06 : 0.03));
  CHECK(ours.p95 == Approx(real.p95).epsilon(utilisation > 0.9 ? 0.10 : 0.04));
  CHECK(ours.served_rps == Approx(real.served_rps).epsilon(0.01));
  CHECK(ours.cpu_cores == Approx(real.cpu_cores).epsilon(0.01));
  CHECK(ours.spread_p95 < 2 * real.spread_p95 + 0.01 * real.p95);
  CHECK(ours.spread_p95 > 0.4 * real.spread_p95 - 0.01 * real.p95);
}

TEST_CASE("below saturation windows are those of a fleet simulated request by request") {
  for (const double utilisation : {0.3, 0.6, 0.75, 0.85, 0.93}) {
    Compare(model::Balancing::kRandom, 4, utilisation);
  }
  Compare(model::Balancing::kRandom, 12, 0.85);
  Compare(model::Balancing::kRoundRobin, 4, 0.85);
}

// Windows of overload, then of relief; p50 and p95 are means over runs.
struct Overload {
  std::vector<FleetWindow> windows = std::vector<FleetWindow>(6);
  double late = 0;  // windows of relief that are over 100 ms
};

template <typename MakeRun>
Overload MeanOverload(double utilisation, double full, MakeRun make) {
  constexpr int kRuns = 8;
  Overload mean;
  for (int run = 0; run < kRuns; ++run) {
    auto serve = make(static_cast<uint64_t>(run));
    serve(0.6 * full);
    for (FleetWindow& sum : mean.windows) {
      const FleetWindow window = serve(utilisation * full);
      sum.p50_us += window.p50_us / kRuns;
      sum.p95_us += window.p95_us / kRuns;
      sum.completed += window.completed;
    }
    for (int i = 0; i < 12; ++i) {
      mean.late += serve(0.7 * full).p95_us > 100'000 ? 1.0 / kRuns : 0;
    }
  }
  return mean;
}

TEST_CASE("over saturation latency grows with the queue as in a fleet simulated request by request") {
  const PlantOptions options;
  constexpr int kInstances = 6;
  const double full = kInstances * FullLoadRps(options);
  LoadTable table(options);
  for (const double utilisation : {1.08, 1.3}) {
    const Overload real = MeanOverload(utilisation, full, [&](uint64_t run) {
      return [fleet = FleetRun(options, kInstances, false, 21 + run)](double demand) mutable {
        return fleet.Serve(demand, kWindow);
      };
    });
    const Overload ours = MeanOverload(utilisation, full, [&](uint64_t run) {
      WindowPlant plant(options, 0, table, Rng(121 + run));
      plant.AddWarm(kInstances);
      return [plant](double demand) mutable { return Flat(plant.Serve(demand, 15s, WallTime{})); };
    });
    for (size_t i = 0; i < real.windows.size(); ++i) {
      const FleetWindow& theirs = real.windows[i];
      const FleetWindow& mine = ours.windows[i];
      INFO("window " << i << " at " << utilisation << ": p50 " << theirs.p50_us << " " << mine.p50_us
                     << ", p95 " << theirs.p95_us << " " << mine.p95_us);
      CHECK(mine.p50_us == Approx(theirs.p50_us).epsilon(0.15));
      CHECK(mine.p95_us == Approx(theirs.p95_us).epsilon(0.15));
      CHECK(static_cast<double>(mine.completed) ==
            Approx(static_cast<double>(theirs.completed)).epsilon(0.02));
    }
    CHECK(ours.late == Approx(real.late).margin(0.6));  // then as if nothing had been
    CHECK(ours.late >= 1);
    CHECK(ours.late < 11);
  }
}

TEST_CASE("new instances do not help those that queue already, a drained one's queue is shared") {
  const PlantOptions options;
  const double full = 4 * FullLoadRps(options);
  LoadTable table(options);
  WindowPlant plant(options, 0, table, Rng(5));
  plant.AddWarm(4);
  for (int i = 0; i < 4; ++i) {
    plant.Serve(1.3 * full, 15s, WallTime{});
  }
  const double before = plant.waiting();
  CHECK(before == Approx(4 * 15 * 0.3 * full).epsilon(0.1));
  plant.Drain(1);
  CHECK(plant.waiting() == Approx(before));
  plant.Add(4);
  // Each of the three old ones is relieved by 1 - 1.3 * 4 / 7 of its speed.
  plant.Serve(1.3 * full, 15s, WallTime{});
  const double relief = 3 * 15 * FullLoadRps(options) * (1 - 1.3 * 4 / 7);
  CHECK(before - plant.waiting() == Approx(relief).epsilon(0.2));
}

TEST_CASE("what does not fit the queue is refused, what dies with an instance fails") {
  PlantOptions options;
  options.queue_max = 100;
  LoadTable table(options);
  WindowPlant plant(options, 0, table, Rng(5));
  plant.AddWarm(2);
  ServedWindow window;
  for (int i = 0; i < 4; ++i) {
    window = plant.Serve(3 * FullLoadRps(options), 15s, WallTime{});
  }
  CHECK(static_cast<double>(window.service.errors) / static_cast<double>(window.service.completed) ==
        Approx(1.0 / 3).epsilon(0.05));
  CHECK(plant.waiting() == Approx(200));
  CHECK(window.p95_us == Approx(0.5e6 + 28e3).epsilon(0.1));  // 100 wait before it, at 200 a second
  CHECK(window.OverShare(100ms) == Approx(1).margin(0.01));
  plant.Kill(1);
  CHECK(plant.waiting() == Approx(100));
  plant.Drain(1);
  CHECK(plant.serving() == 0);
  window = plant.Serve(10, 15s, WallTime{});
  CHECK(window.service.errors >= 200);  // the queues of both, and all that came
  CHECK(window.service.errors == window.service.completed);
  CHECK(window.OverSlo(model::Slo{}));
}

TEST_CASE("a fresh instance is slow until it is warm, as in a plant of its own") {
  PlantOptions options;
  options.warm_up_factor = 3;
  options.warm_up_seconds = 40;
  LoadTable table(options);
  FleetRun fleet(options, 1, false, 3);
  WindowPlant plant(options, 0, table, Rng(4));
  plant.Add(1);
  const double demand = 0.3 * FullLoadRps(options);
  for (int i = 0; i < 5; ++i) {
    const FleetWindow real = fleet.Serve(demand, kWindow);
    const ServedWindow ours = plant.Serve(demand, 15s, WallTime{});
    INFO("window " << i << ": p50 " << real.p50_us << " " << ours.p50_us);
    CHECK(ours.p50_us == Approx(real.p50_us).epsilon(0.08));
    CHECK(ours.p95_us == Approx(real.p95_us).epsilon(0.12));
    CHECK(ours.service.cpu_seconds == Approx(real.cpu_seconds).epsilon(0.12));
  }
  WindowPlant warm(options, 0, table, Rng(4));
  warm.AddWarm(1);
  CHECK(warm.Serve(demand, 15s, WallTime{}).p50_us == Approx(20e3 * 0.97).epsilon(0.05));
}

TEST_CASE("a dearer version and a shared dependency slow requests in proportion") {
  const PlantOptions options;
  LoadTable table(options);
  WindowPlant plant(options, 0, table, Rng(4));
  plant.AddWarm(5);
  const double demand = 5 * 0.2 * FullLoadRps(options);
  const double before = plant.Serve(demand, 15s, WallTime{}).p50_us;
  plant.set_options(Dearer(options, 1.3));
  const ServedWindow dearer = plant.Serve(demand, 15s, WallTime{});
  CHECK(dearer.p50_us == Approx(1.3 * before).epsilon(0.03));
  CHECK(dearer.Utilisation(CpuRequestCores(options)) == Approx(1.3 * 0.2).epsilon(0.05));
  WindowPlant contended(options, 0.05, table, Rng(4));
  contended.AddWarm(5);
  const ServedWindow slowed = contended.Serve(demand, 15s, WallTime{});
  CHECK(slowed.p50_us == Approx(1.2 * before).epsilon(0.03));
  CHECK(slowed.Utilisation(CpuRequestCores(options)) ==
        Approx(0.2).epsilon(0.05));  // it waits, it does not work
}

TEST_CASE("the same seed gives the same windows, whoever shares the table") {
  LoadTable shared(PlantOptions{});
  LoadTable alone(PlantOptions{});
  WindowPlant first(PlantOptions{}, 0, shared, Rng(1));
  WindowPlant other(PlantOptions{}, 0, shared, Rng(2));
  WindowPlant again(PlantOptions{}, 0, alone, Rng(1));
  for (WindowPlant* plant : {&first, &other, &again}) {
    plant->AddWarm(3);
  }
  for (int i = 0; i < 20; ++i) {
    const double demand = 30.0 * (i + 1);  // over saturation at the end
    const model::KpiWindow mine = first.Serve(demand, 15s, WallTime{}).service;
    CHECK(other.Serve(demand, 15s, WallTime{}).service.latency_us != mine.latency_us);
    CHECK(again.Serve(demand, 15s, WallTime{}).service == mine);
  }
}

TEST_CASE("no demand is served by nobody and by many alike") {
  LoadTable table(PlantOptions{});
  WindowPlant plant(PlantOptions{}, 0, table, Rng(1));
  CHECK(plant.Serve(0, 15s, WallTime{}).service.completed == 0);
  plant.Add(3);
  const ServedWindow window = plant.Serve(0, 15s, WallTime{});
  CHECK(window.service.completed == 0);
  CHECK(window.p95_us == 0);
  CHECK_FALSE(window.OverSlo(model::Slo{}));
  CHECK(window.OverShare(1ms) == 0);
  CHECK(window.instance.memory_bytes == 40e6);
}

}  // namespace
}  // namespace shadowd::sim
