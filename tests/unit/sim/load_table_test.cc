#include "sim/load_table.h"

#include <catch2/catch.hpp>

namespace shadowd::sim {
namespace {

double MeanQuantile(const LoadBin& bin, double p) {
  double sum = 0;
  for (const LoadWindow& window : bin.windows) {
    sum += static_cast<double>(window.latency[static_cast<size_t>(p * LoadWindow::kQuantiles)]);
  }
  return sum / static_cast<double>(bin.windows.size());
}

int BinAt(double utilisation) {
  return static_cast<int>(LoadTable::PlaceOf(utilisation) + 0.5);
}

TEST_CASE("the order of asking changes nothing") {
  LoadTable forth(PlantOptions{});
  LoadTable back(PlantOptions{});
  const LoadWindow low = forth.At(5, 3, 3000).windows[2];
  const LoadWindow high = forth.At(30, 3, 3000).windows[2];
  CHECK(back.At(30, 9, 3000).windows[2].latency == high.latency);
  CHECK(back.At(5, 3, 3000).windows[2].latency == low.latency);
  CHECK(forth.simulated_bins() == 2);  // a random balancer does not ask how many share it
  LoadTable other(PlantOptions{}, model::Balancing::kRandom, 2);
  CHECK(other.At(5, 3, 3000).windows[2].latency != low.latency);
}

TEST_CASE("an idle instance shows its service times and a busy one queues") {
  LoadTable table(PlantOptions{});
  const LoadBin& idle = table.At(0, 1, 3000);
  CHECK(MeanQuantile(idle, 0.5) == Approx(0.97).margin(0.02));  // median of a lognormal of cv 0.25 and mean 1
  CHECK(MeanQuantile(idle, 0.95) == Approx(1.455).margin(0.05));
  double last = 0;
  for (const double utilisation : {0.5, 0.7, 0.85, 0.95}) {
    const double p95 = MeanQuantile(table.At(BinAt(utilisation), 1, 3000), 0.95);
    CHECK(p95 > 1.04 * last);
    last = p95;
  }
  CHECK(last > 4);
}

TEST_CASE("a balancer that spreads evenly or to the least busy shortens the tail") {
  LoadTable random(PlantOptions{});
  LoadTable robin(PlantOptions{}, model::Balancing::kRoundRobin);
  LoadTable least(PlantOptions{}, model::Balancing::kLeastConn);
  const int bin = BinAt(0.9);
  const double by_chance = MeanQuantile(random.At(bin, 8, 3000), 0.95);
  const double in_turn = MeanQuantile(robin.At(bin, 8, 3000), 0.95);
  const double to_idlest = MeanQuantile(least.At(bin, 8, 3000), 0.95);
  INFO(by_chance << " " << in_turn << " " << to_idlest);
  CHECK(in_turn < 0.8 * by_chance);
  CHECK(to_idlest < in_turn);
  CHECK(MeanQuantile(robin.At(bin, 1, 3000), 0.95) == Approx(by_chance).epsilon(0.25));  // alone: Poisson
}

TEST_CASE("places are monotone, bounded and hit their bins") {
  CHECK(LoadTable::PlaceOf(0) == 0);
  CHECK(LoadTable::PlaceOf(-1) == 0);
  CHECK(LoadTable::PlaceOf(2) == LoadTable::bins() - 1);
  CHECK(LoadTable::PlaceOf(0.6) < LoadTable::PlaceOf(0.61));
  LoadTable table(PlantOptions{});
  const int bin = BinAt(0.7);
  CHECK(LoadTable::PlaceOf(table.At(bin, 1, 100).utilisation) == Approx(bin).margin(1e-6));
}

TEST_CASE("a table holds for other speeds and prices, not for other slots, spread or queue") {
  PlantOptions plant;
  const LoadTable table(plant);
  plant.service_ms *= 1.3;
  plant.cpu_ms *= 2;
  plant.warm_up_seconds = 10;
  CHECK(table.Covers(plant));
  plant.slots = 8;
  CHECK_FALSE(table.Covers(plant));
  plant = {};
  plant.service_cv = 1;
  CHECK_FALSE(table.Covers(plant));
  plant = {};
  plant.queue_max = 10;
  CHECK_FALSE(table.Covers(plant));
}

}  // namespace
}  // namespace shadowd::sim
