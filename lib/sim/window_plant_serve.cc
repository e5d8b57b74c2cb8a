// How one instance, and many in the same state, serve a window: the part of WindowPlant that makes latencies.
#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/window_plant.h"

namespace shadowd::sim {
namespace {

constexpr int kDrawsMax = 32;     // instances that stand for all steady ones
constexpr int kWarmUpPieces = 8;  // of a window in which an instance warms up

uint32_t ToLatency(double seconds) {
  const double us = std::clamp(seconds * 1e6, 1.0, static_cast<double>(std::numeric_limits<uint32_t>::max()));
  return static_cast<uint32_t>(us);
}

}  // namespace

const LoadWindow& WindowPlant::Draw(double utilisation, double requests) {
  // Between two bins one of them is drawn, the nearer more often.
  const double place = LoadTable::PlaceOf(utilisation);
  const int bin = std::min(static_cast<int>(place + rng_.Uniform()), LoadTable::bins() - 1);
  const LoadBin& found = table_.At(bin, std::max(serving(), 1), requests);
  return found.windows[rng_.Below(found.windows.size())];
}

bool WindowPlant::Steady(const Instance& instance, double utilisation) const {
  return utilisation <= LoadTable::kMaxUtilisation && instance.queue.empty() &&
         instance.age >= options_.warm_up_seconds;
}

void WindowPlant::ServeSteady(int instances, const Shape& shape, Tally& tally) {
  if (instances == 0) {
    return;
  }
  const double utilisation = shape.rps * shape.service_seconds / options_.slots;
  const double requests = shape.seconds * options_.slots / shape.service_seconds;
  const double offered =
      shape.even_count >= 0 ? shape.even_count * instances : Poisson(shape.rps * instances * shape.seconds);
  const int draws = std::min(instances * LoadTable::WindowsIn(requests), kDrawsMax);
  // Each draw gives the same number of evenly spaced quantiles, shifted from draw to draw, so that together
  // they cover the distribution without noise of their own.
  const double wanted = shape.samples_per_request * shape.rps * instances * shape.seconds;
  const int each = std::max(1, static_cast<int>(std::ceil(wanted / draws)));
  const double shift = rng_.Uniform();
  double work = 0, inside = 0, refused = 0;
  for (int i = 0; i < draws; ++i) {
    const LoadWindow& window = Draw(utilisation, requests);
    work += window.work;
    inside += window.inside;
    refused += window.refused;
    for (int j = 0; j < each; ++j) {
      const double quantile = (j + (i + shift) / draws) / each;
      const auto index = static_cast<size_t>(quantile * LoadWindow::kQuantiles);
      tally.latency_us.push_back(
          ToLatency(static_cast<double>(window.latency[index]) * shape.service_seconds));
    }
  }
  const double served = offered * (1 - refused / draws);
  tally.offered += offered;
  tally.served += served;
  tally.refused += offered - served;
  tally.cpu_seconds += served * options_.cpu_ms * 1e-3 * work / draws;
  tally.inside += inside / draws * instances;
}

void WindowPlant::ServeOne(Instance& instance, const Shape& shape, Tally& tally) {
  const int pieces = instance.age < options_.warm_up_seconds ? kWarmUpPieces : 1;
  const double seconds = shape.seconds / pieces;
  for (int i = 0; i < pieces; ++i) {
    ServePiece(instance, shape, clock_ + i * seconds, seconds, Slowdown(instance.age, seconds), tally);
    instance.age += seconds;
  }
  const double busy = std::min(shape.rps * shape.service_seconds, static_cast<double>(options_.slots));
  tally.inside += busy + instance.Queued();
}

void WindowPlant::ServePiece(Instance& instance, const Shape& shape, double from, double seconds,
                             double slowdown, Tally& tally) {
  const double service_seconds = shape.service_seconds * slowdown;
  const double utilisation = shape.rps * service_seconds / options_.slots;
  const double count =
      shape.even_count >= 0 ? shape.even_count * seconds / shape.seconds : Poisson(shape.rps * seconds);
  tally.offered += count;
  const double before = tally.served;
  if (instance.queue.empty() && utilisation <= LoadTable::kMaxUtilisation) {
    Sample(utilisation, count, 0, 0, service_seconds, shape, tally);
  } else {
    ServeQueue(instance, count, utilisation, from, seconds, service_seconds, shape, tally);
  }
  tally.cpu_seconds += (tally.served - before) * options_.cpu_ms * 1e-3 * slowdown;
}

void WindowPlant::ServeQueue(Instance& instance, double count, double utilisation, double from,
                             double seconds, double service_seconds, const Shape& shape, Tally& tally) {
  std::deque<Batch>& queue = instance.queue;
  const double rate = options_.slots / service_seconds;
  Accept(instance, count, from, seconds, rate, tally);
  const double end = from + seconds;
  // What fluctuates on top of the fluid: with drift away from empty as much as with the same drift towards it
  // (the local time at zero of a reflected Brownian motion); nothing while an old queue drains.
  const double mirrored = std::min(2 - utilisation, LoadTable::kMaxUtilisation);
  const double on_top = utilisation > LoadTable::kMaxUtilisation ? std::max(mirrored, 0.0) : 0.0;
  for (double at = from; !queue.empty() && at < end;) {
    Batch& head = queue.front();
    const double gap = head.count > 0 ? (head.to - head.from) / head.count : 0;  // between arrivals
    const double wait = std::max(at - head.from, 0.0);
    double served = std::min(head.count, rate * (end - at));
    if (gap > 1 / rate) {  // it catches up with its own arrivals after as many requests
      const double until_empty = wait / (gap - 1 / rate);
      if (until_empty < served && head.to >= end - 1e-9) {
        Sample(on_top, until_empty, wait, 0, service_seconds, shape, tally);
        Sample(utilisation, head.count - until_empty, 0, 0, service_seconds, shape, tally);
        queue.pop_front();
        break;
      }
    }
    const double wait_after = std::max(at + served / rate - (head.from + gap * served), 0.0);
    Sample(on_top, served, wait, wait_after, service_seconds, shape, tally);
    at += served / rate;
    head.from += gap * served;
    head.count -= served;
    if (head.count < 1e-6) {
      queue.pop_front();
    }
  }
}

void WindowPlant::Sample(double utilisation, double count, double wait_from, double wait_to,
                         double service_seconds, const Shape& shape, Tally& tally) {
  tally.served += count;
  const uint64_t samples = Rounded(count * shape.samples_per_request);
  if (samples == 0) {
    return;
  }
  const double requests = shape.seconds * options_.slots / service_seconds;
  const LoadWindow& window = Draw(utilisation, requests);
  for (uint64_t i = 0; i < samples; ++i) {
    const double share = (static_cast<double>(i) + rng_.Uniform()) / static_cast<double>(samples);
    // The latency on top is drawn anew: it has nothing to do with the place in the queue.
    const double quantile = wait_from == 0 && wait_to == 0 ? share : rng_.Uniform();
    const auto index = static_cast<size_t>(quantile * LoadWindow::kQuantiles);
    const double wait = wait_from + (wait_to - wait_from) * share;
    tally.latency_us.push_back(
        ToLatency(wait + static_cast<double>(window.latency[index]) * service_seconds));
  }
}

// Accepts what comes in [from, from + seconds): all, or, once the queue is full, only as much as leaves it.
void WindowPlant::Accept(Instance& instance, double count, double from, double seconds, double rate,
                         Tally& tally) {
  const double end = from + seconds;
  const double queued = instance.Queued();
  if (queued + count - rate * seconds <= options_.queue_max) {
    TakeOver(instance, {count, from, end});
    return;
  }
  const double room = std::max(options_.queue_max - queued, 0.0);
  const double growth = count / seconds - rate;
  const double until_full = growth > 0 ? std::min(room / growth, seconds) : 0;
  const double before = until_full * count / seconds;
  const double after = std::min(rate * (seconds - until_full), count - before);
  TakeOver(instance, {before, from, from + until_full});
  TakeOver(instance, {after, from + until_full, end});
  tally.refused += count - before - after;
}

}  // namespace shadowd::sim
