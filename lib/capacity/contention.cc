#include "capacity/contention.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <vector>

#include "capacity/curve_fit.h"

namespace shadowd::capacity {
namespace {

constexpr size_t kCountsMin = 3;
constexpr double kSpreadMin = 1.5;   // largest count over smallest
constexpr double kGrowthMin = 1.10;  // of the time between them
constexpr double kExplainedMin = 0.8;

constexpr double kEnoughRequests = 5000;  // beyond, an instance count weighs no more
constexpr size_t kBinsMax = 3;            // of an instance count, the ones with most requests

}  // namespace

double Contention::TimeAt(int instances) const {
  const double n = std::max(instances, 1);
  return 1 + sigma * (n - 1) + kappa * n * (n - 1);
}

Contention FitContention(std::span<const TimeSeen> seen) {
  if (seen.size() < kCountsMin) {
    return {};
  }
  const auto [least, most] =
      std::minmax_element(seen.begin(), seen.end(),
                          [](const TimeSeen& a, const TimeSeen& b) { return a.instances < b.instances; });
  if (most->instances < kSpreadMin * least->instances) {
    return {};
  }
  double mean = 0, weight = 0, scatter = 0;
  for (const TimeSeen& s : seen) {
    mean += s.weight * s.ratio;
    weight += s.weight;
  }
  mean /= weight;
  for (const TimeSeen& s : seen) {
    scatter += s.weight * (s.ratio - mean) * (s.ratio - mean);
  }
  Contention best;
  double left = (1 - kExplainedMin) * scatter;
  for (const bool coherency : {false, true}) {
    std::vector<Observation> observations;
    for (const TimeSeen& s : seen) {
      const double n = s.instances;
      observations.push_back({coherency ? n * (n - 1) : n - 1, s.ratio, s.weight});
    }
    const LineFit fit = FitLine(observations, 0, 0);
    double sum = 0;
    for (const Observation& o : observations) {
      const double miss = o.y - fit.intercept - fit.slope * o.z;
      sum += o.weight * miss * miss;
    }
    if (sum < left && fit.intercept > 0) {
      left = sum;
      best = {coherency ? 0 : fit.slope / fit.intercept, coherency ? fit.slope / fit.intercept : 0};
    }
  }
  const bool grows = best.TimeAt(most->instances) >= kGrowthMin * best.TimeAt(least->instances);
  return grows ? best : Contention{};
}

void CurveFitter::RemoveContention() {
  std::map<int, std::vector<Weighted>> by_instances;
  WallTime newest{};
  for (const Weighted& weighted : own_) {
    const model::CapacityPoint& point = weighted.point;
    if (point.instances > 0 && point.source == model::KpiSource::kProduction) {
      by_instances[point.instances].push_back(weighted);
      instances_ = point.at >= newest ? point.instances : instances_;
      newest = std::max(newest, point.at);
    }
  }
  // Most services are seen at few counts; only where the law could show is it looked for.
  if (by_instances.size() < kCountsMin ||
      by_instances.rbegin()->first < kSpreadMin * by_instances.begin()->first) {
    return;
  }
  const Curve mean = FitSamples(Bin(own_, true));
  std::vector<TimeSeen> seen;
  for (const auto& [instances, points] : by_instances) {
    std::vector<Sample> samples = Bin(points, true);
    std::sort(samples.begin(), samples.end(),
              [](const Sample& a, const Sample& b) { return a.requests > b.requests; });
    samples.resize(std::min(samples.size(), kBinsMax));
    if (const std::optional<double> ratio = LatencyRatio(mean, samples)) {
      const double requests = std::accumulate(samples.begin(), samples.end(), 0.0,
                                              [](double sum, const Sample& s) { return sum + s.requests; });
      seen.push_back({instances, *ratio, std::min(requests, kEnoughRequests)});
    }
  }
  contention_ = FitContention(seen);
  for (Weighted& weighted : own_) {
    const bool shared = contention_.known() && weighted.point.instances > 0;
    if (shared) {
      weighted.point = Stretch(weighted.point,
                               contention_.TimeAt(instances_) / contention_.TimeAt(weighted.point.instances));
    }
  }
}

}  // namespace shadowd::capacity
