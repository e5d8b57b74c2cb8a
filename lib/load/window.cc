#include "load/window.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace shadowd::load {
namespace {

uint32_t ToCount(Micros duration) {
  const int64_t count = std::clamp<int64_t>(duration.count(), 0, std::numeric_limits<uint32_t>::max());
  return static_cast<uint32_t>(count);
}

// The smallest value that at least that share of the values do not exceed. Reorders them.
double Quantile(std::vector<uint32_t>& values, double share) {
  if (values.empty()) {
    return 0;
  }
  const auto rank = static_cast<size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

}  // namespace

void Window::Offer(bool mirrored, Micros lag) {
  ++offered_;
  mirrored_ += mirrored ? 1 : 0;
  if (lag_us_.size() < model::kMaxLatencySamples) {
    lag_us_.push_back(ToCount(lag));
  }
}

void Window::Complete(Micros latency, bool error) {
  ++completed_;
  errors_ += error ? 1 : 0;
  if (latency_us_.size() < model::kMaxLatencySamples) {
    latency_us_.push_back(ToCount(latency));
  }
}

model::KpiWindow Window::Close(WallTime start, Micros length) {
  model::KpiWindow window;
  window.start = start;
  window.length = length;
  window.offered = offered_;
  window.completed = completed_;
  window.errors = errors_;
  window.mirrored = mirrored_;
  window.synthetic = offered_ - mirrored_;
  window.send_lag_p99_us = Quantile(lag_us_, 0.99);
  window.cpu_seconds = -1;
  window.memory_bytes = -1;
  const size_t expected = latency_us_.size();
  window.latency_us = std::exchange(latency_us_, {});
  latency_us_.reserve(expected + expected / 8);
  lag_us_.clear();
  mirrored_ = offered_ = completed_ = errors_ = 0;
  return window;
}

}  // namespace shadowd::load
