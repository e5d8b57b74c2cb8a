#include "capacity/contention.h"

#include <catch2/catch.hpp>

#include "capacity/curve.h"
#include "unit/sim/plant_run.h"

namespace shadowd::capacity {
namespace {

TEST_CASE("Times that grow with the count of instances give the law they follow") {
  const Contention waiting =
      FitContention(std::vector<TimeSeen>{{2, 0.9 * 1.05, 1}, {4, 0.9 * 1.15, 1}, {8, 0.9 * 1.35, 1}});
  CHECK(waiting.sigma == Approx(0.05));
  CHECK(waiting.kappa == 0);
  const Contention coherence = FitContention(std::vector<TimeSeen>{{2, 1.02, 1}, {4, 1.12, 1}, {8, 1.56, 1}});
  CHECK(coherence.kappa == Approx(0.01));
  CHECK(coherence.sigma == 0);
  CHECK(coherence.TimeAt(4) == Approx(1.12));
  CHECK(Contention().TimeAt(50) == 1);
}

TEST_CASE("Too few counts, too little growth or another shape are no contention") {
  CHECK_FALSE(FitContention(std::vector<TimeSeen>{{2, 1, 1}, {8, 2, 1}}).known());
  CHECK_FALSE(FitContention(std::vector<TimeSeen>{{7, 1, 1}, {8, 1.2, 1}, {9, 1.4, 1}}).known());
  CHECK_FALSE(FitContention(std::vector<TimeSeen>{{2, 1, 1}, {4, 1.02, 1}, {8, 1.04, 1}}).known());
  CHECK_FALSE(FitContention(std::vector<TimeSeen>{{2, 1, 1}, {4, 1.6, 1}, {6, 0.9, 1}, {8, 1.3, 1}}).known());
  CHECK_FALSE(FitContention(std::vector<TimeSeen>{{2, 2, 1}, {4, 1.5, 1}, {8, 1, 1}}).known());
}

// Production between two and twelve instances whose requests wait for each other.
std::vector<model::CapacityPoint> Points(double sigma, uint64_t seed) {
  std::vector<model::CapacityPoint> points;
  for (const int instances : {2, 3, 4, 6, 8, 12}) {
    sim::PlantOptions options = sim::DemoPlant(false);
    options.service_ms *= 1 + sigma * (instances - 1);
    for (const double load : {50.0, 80.0, 110.0}) {
      model::CapacityPoint point = sim::PointOf(
          sim::RunPlant(options, load, 30, seed * 1000 + static_cast<uint64_t>(instances * 200 + load)), "1");
      point.instances = instances;
      point.at = sim::At(instances);
      points.push_back(point);
    }
  }
  return points;
}

TEST_CASE("Where instances cost each other time, more are needed than one of them tells") {
  const Curve curve = Curve::Fit(Points(0.03, 1), "1", sim::At(100));
  REQUIRE(curve.contention().known());
  CHECK(curve.contention().TimeAt(12) / curve.contention().TimeAt(2) == Approx(1.33 / 1.03).epsilon(0.1));
  CHECK(curve.Predict(80, 24).p50_us.expected ==
        Approx(1.69 / 1.33 * curve.Predict(80, 12).p50_us.expected).epsilon(0.1));
  CHECK(curve.Predict(80, 12) == curve.Predict(80));
  // 24 instances hold 24 * 182 / 1.69 req/s in truth, where one that ran beside eleven seems to hold 137.
  const double demand = 2500;
  const int level = curve.SmallestLevel(demand, {}, 1, 60, 0.5).level;
  CHECK(level > demand / curve.MaxLoad({}, 0.5) + 1);
  CHECK_FALSE(curve.SmallestLevel(1e6, {}, 1, 60, 0.5).holds);
}

TEST_CASE("Instances that share nothing show no contention") {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    CHECK_FALSE(Curve::Fit(Points(0, seed), "1", sim::At(100)).contention().known());
  }
}

}  // namespace
}  // namespace shadowd::capacity
