#include "sim/load_table.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "sim/arrivals.h"

namespace shadowd::sim {
namespace {

constexpr double kRatio = 1.06;      // of the room to saturation, from one bin to the next
constexpr int kBins = 68;            // 1 - kRatio^-67 is 0.98
constexpr double kIdle = 0.01;       // stands for no load at all: nobody waits
constexpr int kRequestsMin = 64;     // steps of window length are powers of two from here ...
constexpr int kRequestsMax = 2048;   // ... to here
constexpr double kOfferedMin = 128;  // requests in a window, so that its quantiles mean something
constexpr double kOfferedIdle = 2048;
constexpr std::array kFleets = {1, 2, 3, 4, 6, 8, 12, 16};
constexpr int kJointMax = 8;  // instances that a least_conn balancer is simulated with
constexpr double kServiceSeconds = 1;

double UtilisationOf(int bin) {
  return bin == 0 ? kIdle : 1 - std::pow(kRatio, -bin);
}

int FleetStep(int instances) {
  int step = 1;
  for (const int fleet : kFleets) {
    step = fleet <= instances ? fleet : step;
  }
  return step;
}

int RequestStep(double requests) {
  int step = kRequestsMin;
  while (step < kRequestsMax && requests > step * std::sqrt(2.0)) {
    step *= 2;
  }
  return step;
}

int WindowsKept(double utilisation) {
  if (utilisation < 0.5) {
    return 8;
  }
  return utilisation < 0.8 ? 12 : 24;
}

LoadWindow Summarise(model::KpiWindow window) {
  LoadWindow out;
  out.inside = static_cast<float>(window.memory_bytes);
  if (window.offered > 0) {
    out.refused =
        static_cast<float>(static_cast<double>(window.errors) / static_cast<double>(window.offered));
  }
  std::vector<uint32_t>& latency = window.latency_us;
  if (latency.empty()) {
    out.latency.fill(1);
    return out;
  }
  out.work = static_cast<float>(window.cpu_seconds / static_cast<double>(latency.size()));
  std::sort(latency.begin(), latency.end());
  const auto last = static_cast<double>(latency.size() - 1);
  for (int i = 0; i < LoadWindow::kQuantiles; ++i) {
    const double quantile = (i + 0.5) / LoadWindow::kQuantiles;
    const double place = std::clamp(quantile * static_cast<double>(latency.size()) - 0.5, 0.0, last);
    const auto below = static_cast<size_t>(place);
    const size_t above = std::min(below + 1, latency.size() - 1);
    const double share = place - static_cast<double>(below);
    const double us = (1 - share) * latency[below] + share * latency[above];
    out.latency[static_cast<size_t>(i)] = static_cast<float>(us * 1e-6 / kServiceSeconds);
  }
  return out;
}

}  // namespace

LoadTable::LoadTable(const PlantOptions& plant, model::Balancing balancing, uint64_t seed)
    : plant_(plant), balancing_(balancing), seed_(seed) {
  plant_.service_ms = kServiceSeconds * 1e3;
  plant_.cpu_ms = 1e3;  // so that CPU seconds are requests times the mean of their factors
  plant_.idle_cores = 0;
  plant_.memory_bytes = 0;
  plant_.memory_per_request = 1;  // so that memory counts requests inside
  plant_.error_rate = 0;
  plant_.warm_up_factor = 1;
  plant_.warm_up_seconds = 0;
}

bool LoadTable::Covers(const PlantOptions& options) const {
  return options.slots == plant_.slots && options.service_cv == plant_.service_cv &&
         options.shape == plant_.shape && options.queue_max == plant_.queue_max;
}

int LoadTable::bins() {
  return kBins;
}

double LoadTable::PlaceOf(double utilisation) {
  const double room = 1 - std::clamp(utilisation, 0.0, kMaxUtilisation);
  return std::clamp(-std::log(room) / std::log(kRatio), 0.0, kBins - 1.0);
}

int LoadTable::WindowsIn(double requests) {
  return std::clamp(static_cast<int>(std::lround(requests / kRequestsMax)), 1, 64);
}

const LoadBin& LoadTable::At(int bin, int instances, double requests) {
  SHADOWD_CHECK(bin >= 0 && bin < kBins && instances >= 1 && requests > 0);
  int fleet = 1;  // a random balancer gives each instance a Poisson stream, however many there are
  if (balancing_ != model::Balancing::kRandom) {
    fleet = FleetStep(instances);
  }
  if (balancing_ == model::Balancing::kLeastConn) {
    fleet = std::min(fleet, kJointMax);
  }
  const std::tuple key{RequestStep(requests), fleet, bin};
  const auto found = cache_.find(key);
  if (found != cache_.end()) {
    return found->second;
  }
  return cache_.emplace(key, Simulate(bin, fleet, RequestStep(requests))).first->second;
}

LoadBin LoadTable::Simulate(int bin, int instances, int requests) const {
  const bool joint = balancing_ == model::Balancing::kLeastConn;
  const int plants = joint ? instances : 1;
  const double utilisation = UtilisationOf(bin);
  const double rate = utilisation * plant_.slots / kServiceSeconds;  // per instance
  const double offered = std::max(requests * utilisation, bin == 0 ? kOfferedIdle : kOfferedMin);
  const double window_seconds = offered / rate;
  // The queue forgets its start over about 1 / (slots (1 - utilisation)^2) service times.
  const double settle = 3 * kServiceSeconds / (plant_.slots * (1 - utilisation) * (1 - utilisation));

  Rng rng(seed_ +
          0x9e3779b97f4a7c15ULL * static_cast<uint64_t>(bin + 1 + 100 * (instances + 100 * requests)));
  std::vector<Plant> group;
  for (int i = 0; i < plants; ++i) {
    group.emplace_back(plant_, rng.Fork());
  }
  Arrivals arrivals(rate * plants, MonoTime{}, rng.Fork(),
                    balancing_ == model::Balancing::kRoundRobin ? instances : 1);
  LoadBin out;
  out.utilisation = utilisation;
  const auto kept = static_cast<size_t>(WindowsKept(utilisation));
  double end = std::max(settle, window_seconds);
  for (bool settled = false; out.windows.size() < kept; settled = true, end += window_seconds) {
    const MonoTime until(FromSeconds(end));
    while (arrivals.Peek() < until) {
      const MonoTime at = arrivals.Take();
      Plant* idlest = &group.front();
      for (size_t i = 1; i < group.size(); ++i) {
        idlest = group[i].InsideAt(at) < idlest->InsideAt(at) ? &group[i] : idlest;
      }
      idlest->Offer(at);
    }
    for (Plant& plant : group) {
      model::KpiWindow window = plant.Collect(until, WallTime{});
      if (settled) {
        out.windows.push_back(Summarise(std::move(window)));
      }
    }
  }
  return out;
}

}  // namespace shadowd::sim
