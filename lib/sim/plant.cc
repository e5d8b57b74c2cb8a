#include "sim/plant.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace shadowd::sim {

Plant::Plant(PlantOptions options, Rng rng) : options_(options), rng_(rng) {
  SHADOWD_CHECK(options.slots >= 1 && options.service_ms > 0 && options.service_cv >= 0);
  for (int i = 0; i < options.slots; ++i) {
    slot_free_.push(MonoTime{});
  }
}

void Plant::set_options(const PlantOptions& options) {
  SHADOWD_CHECK(options.slots == options_.slots && options.service_ms > 0 && options.service_cv >= 0);
  options_ = options;
}

double Plant::DrawServiceSeconds(MonoTime arrival, double* cpu_seconds) {
  const double mean = options_.service_ms * 1e-3;
  const double cv = options_.service_cv;
  double factor = 1;
  if (cv > 0 && options_.shape == ServiceShape::kGamma) {
    const double shape = 1 / (cv * cv);
    factor = rng_.Gamma(shape) / shape;
  } else if (cv > 0) {
    const double sigma = std::sqrt(std::log1p(cv * cv));
    factor = std::exp(sigma * rng_.Normal() - 0.5 * sigma * sigma);
  }
  if (options_.warm_up_seconds > 0) {
    const double left = 1 - ToSeconds(arrival - first_) / options_.warm_up_seconds;
    factor *= 1 + (options_.warm_up_factor - 1) * std::max(left, 0.0);
  }
  *cpu_seconds = options_.cpu_ms * 1e-3 * factor;
  return mean * factor;
}

void Plant::Offer(MonoTime arrival) {
  if (!started_) {
    started_ = true;
    first_ = arrival;
  }
  SettleUntil(arrival);
  ++window_.offered;
  const int waiting = static_cast<int>(inside_.size()) - options_.slots;
  if (waiting >= options_.queue_max) {
    ++window_.completed;  // answered at once, badly
    ++window_.errors;
    return;
  }
  const MonoTime begin = std::max(arrival, slot_free_.top());
  Done done;
  const double service_seconds = DrawServiceSeconds(arrival, &done.cpu_seconds);
  done.at = begin + FromSeconds(service_seconds);
  const auto latency = (done.at - arrival).count();
  done.latency_us = static_cast<uint32_t>(
      std::min<int64_t>(latency, static_cast<int64_t>(std::numeric_limits<uint32_t>::max())));
  done.error = options_.error_rate > 0 && rng_.Uniform() < options_.error_rate;
  slot_free_.pop();
  slot_free_.push(done.at);
  inside_.push(done);
}

void Plant::SettleUntil(MonoTime until) {
  while (!inside_.empty() && inside_.top().at <= until) {
    const Done& done = inside_.top();
    ++window_.completed;
    window_.errors += done.error ? 1 : 0;
    window_.cpu_seconds += done.cpu_seconds;
    if (window_.latency_us.size() < model::kMaxLatencySamples) {
      window_.latency_us.push_back(done.latency_us);
    }
    inside_.pop();
  }
}

int Plant::InsideAt(MonoTime at) {
  SettleUntil(at);
  return static_cast<int>(inside_.size());
}

model::KpiWindow Plant::Collect(MonoTime until, WallTime label) {
  SettleUntil(until);
  model::KpiWindow out = std::move(window_);
  window_ = {};
  out.start = label;
  out.length = until - window_start_;
  out.cpu_seconds += options_.idle_cores * ToSeconds(out.length);
  out.memory_bytes =
      options_.memory_bytes + options_.memory_per_request * static_cast<double>(inside_.size());
  out.synthetic = out.offered;
  window_start_ = until;
  return out;
}

}  // namespace shadowd::sim
