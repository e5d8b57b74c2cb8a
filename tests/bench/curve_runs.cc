#include "bench/curve_runs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <queue>
#include <vector>

#include "base/rng.h"
#include "capacity/curve.h"
#include "unit/sim/plant_run.h"

namespace shadowd::bench {
namespace {

constexpr int kRequests = 5000;
constexpr int kTruthRequests = 2'000'000;
constexpr double kClose = 0.10;
constexpr double kConfidence = 0.95;
constexpr int kLevelMax = 60;

// First come, first served, in its steady state (Kiefer and Wolfowitz): latencies in order of arrival.
struct Server {
  int slots = 1;
  double service_us = 0, sigma = 0;  // lognormal

  double RateAt(double utilisation) const { return utilisation * slots / service_us; }  // per microsecond

  std::vector<double> Serve(double utilisation, int requests, Rng rng) const {
    std::priority_queue<double, std::vector<double>, std::greater<>> free;
    for (int i = 0; i < slots; ++i) {
      free.push(0);
    }
    const double gap = 1 / RateAt(utilisation);
    const int settling = 4000;
    std::vector<double> latencies;
    latencies.reserve(static_cast<size_t>(requests));
    double now = 0;
    for (int i = 0; i < settling + requests; ++i) {
      now += rng.Exponential(gap);
      const double end =
          std::max(now, free.top()) + service_us * std::exp(sigma * rng.Normal() - sigma * sigma / 2);
      free.pop();
      free.push(end);
      if (i >= settling) {
        latencies.push_back(end - now);
      }
    }
    return latencies;
  }
};

double Quantile(std::vector<double>& values, double p) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(p * static_cast<double>(values.size()));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

model::CapacityPoint PointOf(const Server& server, double utilisation, Rng rng) {
  std::vector<double> latencies = server.Serve(utilisation, kRequests, rng);
  model::CapacityPoint point;
  point.at = sim::At(0);
  point.version = "1";
  point.instances = 4;
  point.load_rps = server.RateAt(utilisation) * 1e6;
  point.requests = kRequests;
  point.p50_us = Quantile(latencies, 0.5);
  point.p95_us = Quantile(latencies, 0.95);
  point.p99_us = Quantile(latencies, 0.99);
  return point;
}

}  // namespace

CurveFigures RunCurve(int servers, int repeats, uint64_t seed) {
  constexpr std::array kSlots = {1, 2, 4, 8, 16};
  Rng rng(seed);
  CurveFigures figures;
  std::vector<double> excess;
  for (int s = 0; s < servers; ++s) {
    const Server server{kSlots[rng.Below(kSlots.size())], 5000 + 45'000 * rng.Uniform(),
                        0.2 + 0.8 * rng.Uniform()};
    const std::array levels = {0.50 + 0.06 * rng.Uniform(), 0.62 + 0.10 * rng.Uniform(),
                               0.79 + 0.06 * rng.Uniform()};
    const double unseen = levels[0] + (levels[2] - levels[0]) * (0.1 + 0.8 * rng.Uniform());
    std::vector<double> latencies = server.Serve(unseen, kTruthRequests, rng.Fork());
    const double truth = Quantile(latencies, 0.95);
    const double load = server.RateAt(unseen) * 1e6;
    model::Slo slo;
    slo.latency_limit = Micros(static_cast<int64_t>(truth));  // so that this load is the largest that holds
    slo.error_rate_max = 1;
    for (int r = 0; r < repeats; ++r) {
      std::vector<model::CapacityPoint> points;
      for (const double level : levels) {
        points.push_back(PointOf(server, level, rng.Fork()));
      }
      const capacity::Curve curve = capacity::Curve::Fit(points, "1", sim::At(0));
      const model::Interval p95 = curve.Predict(load).p95_us;
      const double instances = 4 + 12 * rng.Uniform();
      const int level = curve.SmallestLevel(instances * load, slo, 1, kLevelMax, kConfidence).level;
      ++figures.cases;
      figures.close += std::abs(p95.expected / truth - 1) <= kClose ? 1 : 0;
      figures.covered += p95.low <= truth && truth <= p95.high ? 1 : 0;
      figures.too_small += level < std::ceil(instances) ? 1 : 0;
      excess.push_back(level / std::ceil(instances) - 1);
    }
  }
  figures.median_excess = excess.empty() ? 0 : Quantile(excess, 0.5);
  return figures;
}

}  // namespace shadowd::bench
