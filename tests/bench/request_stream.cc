#include "bench/request_stream.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "unit/sim/plant_run.h"

namespace shadowd::bench {
namespace {

constexpr double kMedianUs = 20'000;
constexpr int kSettleSeconds = 20;
constexpr double kTruthRequests = 2e6;

sim::PlantOptions Server() {
  sim::PlantOptions options;
  options.slots = 4;
  options.service_ms = 20;
  options.service_cv = std::sqrt(std::expm1(kLognormalSigma * kLognormalSigma));
  return options;
}

double RateOf(const StreamKind& kind) {
  return kind.utilisation * Server().slots / (Server().service_ms * 1e-3);
}

double Quantile(std::vector<uint32_t>& values, double p) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(p * static_cast<double>(values.size()));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

TrueLatency TruthOf(const StreamKind& kind) {
  if (kind.utilisation <= 0) {
    const auto at = [](double z) { return kMedianUs * std::exp(kLognormalSigma * z); };
    return {kMedianUs, at(1.6448536), at(2.3263479)};
  }
  RequestStream stream(kind, 20260101);
  std::vector<uint32_t> all;
  while (static_cast<double>(all.size()) < kTruthRequests) {
    const model::KpiWindow window = stream.Next();
    all.insert(all.end(), window.latency_us.begin(), window.latency_us.end());
  }
  return {Quantile(all, 0.5), Quantile(all, 0.95), Quantile(all, 0.99)};
}

RequestStream::RequestStream(const StreamKind& kind, uint64_t seed, double slower)
    : kind_(kind), slower_(slower), rng_(seed), state_(rng_.Normal()) {
  if (kind_.utilisation > 0) {
    plant_.emplace(Server(), rng_.Fork());
    arrivals_.emplace(RateOf(kind_), MonoTime{}, rng_.Fork());
    for (int i = 0; i < kSettleSeconds; ++i) {
      (void)Next();
    }
  }
}

model::KpiWindow RequestStream::NextLognormal() {
  model::KpiWindow window;
  window.start = sim::At(seconds_++);
  window.length = std::chrono::seconds(1);
  window.offered = window.completed = kWindowRequests;
  window.cpu_seconds = window.memory_bytes = -1;
  const double fresh = std::sqrt(1 - kind_.correlation * kind_.correlation);
  for (int i = 0; i < kWindowRequests; ++i) {
    state_ = kind_.correlation * state_ + fresh * rng_.Normal();
    window.latency_us.push_back(
        static_cast<uint32_t>(slower_ * kMedianUs * std::exp(kLognormalSigma * state_)));
  }
  return window;
}

model::KpiWindow RequestStream::Next() {
  if (!plant_) {
    return NextLognormal();
  }
  const MonoTime until{std::chrono::seconds(seconds_ + 1)};
  while (arrivals_->Peek() < until) {
    plant_->Offer(arrivals_->Take());
  }
  model::KpiWindow window = plant_->Collect(until, sim::At(seconds_));
  window.memory_bytes = -1;
  ++seconds_;
  return window;
}

}  // namespace shadowd::bench
