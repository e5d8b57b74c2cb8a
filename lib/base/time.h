// Time as a value. Nothing under lib/ reads a clock: the edge reads it once per event and passes Now down, so
// the same code runs in production and in virtual time. Monotonic time orders and measures; wall time labels
// what is stored.
#pragma once

#include <chrono>
#include <cstdint>

namespace shadowd {

using Micros = std::chrono::microseconds;

// Clock tags without now(): they only keep the two kinds of time point apart.
struct MonoClock {
  using duration = Micros;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonoClock, duration>;
  static constexpr bool is_steady = true;
};
struct WallClock {
  using duration = Micros;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallClock, duration>;
  static constexpr bool is_steady = false;
};

using MonoTime = MonoClock::time_point;
using WallTime = WallClock::time_point;  // microseconds since the Unix epoch, UTC

struct Now {
  MonoTime mono;
  WallTime wall;

  bool operator==(const Now&) const = default;
};

constexpr WallTime WallFromMicros(int64_t unix_us) {
  return WallTime(Micros(unix_us));
}
constexpr int64_t ToMicros(WallTime at) {
  return at.time_since_epoch().count();
}
constexpr double ToSeconds(Micros d) {
  return static_cast<double>(d.count()) * 1e-6;
}
constexpr Micros FromSeconds(double seconds) {
  return Micros(static_cast<int64_t>(seconds * 1e6 + (seconds < 0 ? -0.5 : 0.5)));
}

}  // namespace shadowd
