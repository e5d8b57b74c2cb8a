#include "sim/window_plant.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace shadowd::sim {
namespace {

constexpr int kSamples = LoadWindow::kQuantiles;  // of a window, about
constexpr size_t kBatchesMax = 64;                // kept apart in a queue; older ones are merged

// The quantile of values from `from` on, those before being smaller; puts everything below it before it and
// returns with `from` at its place.
double Select(std::vector<uint32_t>& values, double p, size_t& from) {
  if (values.empty()) {
    return 0;
  }
  const auto count = static_cast<double>(values.size());
  const double place = std::clamp(p * count - 0.5, 0.0, count - 1);
  const auto below = static_cast<size_t>(place);
  const auto at = [&](size_t i) { return values.begin() + static_cast<std::ptrdiff_t>(i); };
  std::nth_element(at(from), at(below), values.end());
  from = below;
  const double low = values[below];
  if (below + 1 == values.size()) {
    return low;
  }
  const double high = *std::min_element(at(below + 1), values.end());
  return low + (place - static_cast<double>(below)) * (high - low);
}

}  // namespace

double FullLoadRps(const PlantOptions& options) {
  return options.slots / (options.service_ms * 1e-3);
}

double CpuRequestCores(const PlantOptions& options) {
  return options.idle_cores + FullLoadRps(options) * options.cpu_ms * 1e-3;
}

PlantOptions Dearer(PlantOptions options, double factor) {
  options.service_ms *= factor;
  options.cpu_ms *= factor;
  return options;
}

PlantOptions Contended(PlantOptions options, double contention, int instances) {
  options.service_ms *= 1 + contention * std::max(instances - 1, 0);
  return options;
}

double ServedWindow::QuantileUs(double p) const {
  std::vector<uint32_t> values = service.latency_us;
  size_t from = 0;
  return Select(values, p, from);
}

double ServedWindow::OverShare(Micros latency_limit) const {
  if (service.completed == 0) {
    return 0;
  }
  const auto slow = std::count_if(service.latency_us.begin(), service.latency_us.end(),
                                  [&](uint32_t us) { return Micros(us) > latency_limit; });
  const double slow_share = service.latency_us.empty()
                                ? 0
                                : static_cast<double>(slow) / static_cast<double>(service.latency_us.size());
  const double failed = static_cast<double>(service.errors) / static_cast<double>(service.completed);
  return failed + (1 - failed) * slow_share;
}

double ServedWindow::Utilisation(double cpu_request_cores) const {
  return instance.cpu_seconds / (ToSeconds(instance.length) * cpu_request_cores);
}

double ServedWindow::LatencyUs(const model::Slo& slo) const {
  return slo.latency_quantile < 0.75 ? p50_us : slo.latency_quantile < 0.97 ? p95_us : p99_us;
}

bool ServedWindow::OverSlo(const model::Slo& slo) const {
  const double errors_max = slo.error_rate_max * static_cast<double>(service.completed);
  return static_cast<double>(service.errors) > errors_max ||
         LatencyUs(slo) > static_cast<double>(slo.latency_limit.count());
}

double WindowPlant::Instance::Queued() const {
  double sum = 0;
  for (const Batch& batch : queue) {
    sum += batch.count;
  }
  return sum;
}

WindowPlant::WindowPlant(const PlantOptions& options, double contention, LoadTable& table, Rng rng)
    : options_(options), contention_(contention), table_(table), rng_(rng) {
  SHADOWD_CHECK(table.Covers(options) && contention >= 0);
}

void WindowPlant::set_options(const PlantOptions& options) {
  SHADOWD_CHECK(table_.Covers(options));
  options_ = options;
}

void WindowPlant::Add(int count) {
  instances_.insert(instances_.end(), static_cast<size_t>(std::max(count, 0)), Instance());
}

void WindowPlant::AddWarm(int count) {
  Instance warm;
  warm.age = options_.warm_up_seconds;
  instances_.insert(instances_.begin(), static_cast<size_t>(std::max(count, 0)), warm);
}

void WindowPlant::Drain(int count) {
  for (int i = 0; i < count && !instances_.empty(); ++i) {
    const Instance gone = std::move(instances_.back());
    instances_.pop_back();
    const auto rest = static_cast<double>(instances_.size());
    for (Batch batch : gone.queue) {
      if (instances_.empty()) {
        lost_ += batch.count;
        continue;
      }
      batch.count /= rest;
      for (Instance& instance : instances_) {
        TakeOver(instance, batch);
      }
    }
  }
}

void WindowPlant::Kill(int count) {
  for (int i = 0; i < count && !instances_.empty(); ++i) {
    const auto victim = static_cast<std::ptrdiff_t>(rng_.Below(instances_.size()));
    lost_ += instances_[static_cast<size_t>(victim)].Queued();
    instances_.erase(instances_.begin() + victim);
  }
}

void WindowPlant::TakeOver(Instance& instance, const Batch& batch) {
  std::deque<Batch>& queue = instance.queue;
  const auto later =
      std::find_if(queue.begin(), queue.end(), [&](const Batch& b) { return b.from > batch.from; });
  queue.insert(later, batch);
  if (queue.size() > kBatchesMax) {
    queue[1].count += queue[0].count;
    queue[1].from = queue[0].from;
    queue.pop_front();
  }
}

double WindowPlant::waiting() const {
  double sum = 0;
  for (const Instance& instance : instances_) {
    sum += instance.Queued();
  }
  return sum;
}

double WindowPlant::Poisson(double mean) {
  if (mean > 50) {  // normal with continuity; its third moment does not matter here
    return std::max(0.0, std::floor(mean + std::sqrt(mean) * rng_.Normal() + 0.5));
  }
  int count = -1;
  for (double sum = 0; sum <= mean; ++count) {
    sum += rng_.Exponential(1);
  }
  return count;
}

uint64_t WindowPlant::Rounded(double count) {
  return static_cast<uint64_t>(count + rng_.Uniform());
}

double WindowPlant::Slowdown(double age, double seconds) const {
  const double span = options_.warm_up_seconds;
  if (age >= span) {
    return 1;
  }
  const double end = std::min(age + seconds, span);
  const double mean_left = (1 - 0.5 * (age + end) / span) * (end - age) / seconds;
  return 1 + (options_.warm_up_factor - 1) * mean_left;
}

ServedWindow WindowPlant::Serve(double demand_rps, Micros length, WallTime label) {
  SHADOWD_CHECK(demand_rps >= 0 && length > Micros(0));
  Tally tally;
  tally.latency_us.reserve(2 * kSamples);
  const int n = serving();
  Shape shape;
  shape.seconds = ToSeconds(length);
  if (n == 0) {
    tally.offered = tally.refused = Poisson(demand_rps * shape.seconds);
  } else if (demand_rps > 0 || waiting() > 0) {
    shape.rps = demand_rps / n;
    shape.service_seconds = Contended(options_, contention_, n).service_ms * 1e-3;
    shape.samples_per_request = kSamples / std::max(demand_rps * shape.seconds, 1.0);
    if (table_.balancing() != model::Balancing::kRandom) {
      shape.even_count = Poisson(demand_rps * shape.seconds) / n;
    }
    const double utilisation = shape.rps * shape.service_seconds / options_.slots;
    int steady = 0;
    for (Instance& instance : instances_) {
      if (Steady(instance, utilisation)) {
        ++steady;
      } else {
        ServeOne(instance, shape, tally);
      }
    }
    ServeSteady(steady, shape, tally);
  }
  tally.cpu_seconds += options_.idle_cores * shape.seconds * n;
  clock_ += shape.seconds;
  return Report(tally, length, label);
}

void WindowPlant::Shuffle(std::vector<uint32_t>& values) {
  for (size_t i = values.size(); i > 1; --i) {
    std::swap(values[i - 1], values[((rng_.Next() >> 32) * i) >> 32]);
  }
}

ServedWindow WindowPlant::Report(Tally& tally, Micros length, WallTime label) {
  ServedWindow out;
  out.serving = serving();
  const double failed = tally.refused + lost_ + tally.served * options_.error_rate;
  lost_ = 0;
  model::KpiWindow& service = out.service;
  service.start = label;
  service.length = length;
  service.offered = Rounded(tally.offered);
  service.errors = Rounded(failed);
  service.completed = std::max(Rounded(tally.served + tally.refused), service.errors);
  service.cpu_seconds = tally.cpu_seconds;
  service.memory_bytes = options_.memory_bytes * out.serving + options_.memory_per_request * tally.inside;

  service.latency_us = tally.latency_us;
  Shuffle(service.latency_us);
  size_t from = 0;
  out.p50_us = Select(tally.latency_us, 0.5, from);
  out.p95_us = Select(tally.latency_us, 0.95, from);
  out.p99_us = Select(tally.latency_us, 0.99, from);

  out.instance.start = label;
  out.instance.length = length;
  const double n = std::max(out.serving, 1);
  out.instance.offered = Rounded(static_cast<double>(service.offered) / n);
  out.instance.errors = Rounded(static_cast<double>(service.errors) / n);
  out.instance.completed = std::max(Rounded(static_cast<double>(service.completed) / n), out.instance.errors);
  out.instance.cpu_seconds = service.cpu_seconds / n;
  out.instance.memory_bytes = service.memory_bytes / n;
  return out;
}

}  // namespace shadowd::sim
