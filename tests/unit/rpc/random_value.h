// Seeded random values that random_model.cc and random_service.cc build on: extremes often, ordinary values
// else.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "model/ids.h"

namespace shadowd::rpc {

inline int Int(Rng& rng) {
  switch (rng.Below(4)) {
    case 0:
      return std::numeric_limits<int>::max();
    case 1:
      return std::numeric_limits<int>::min();
    case 2:
      return 0;
    default:
      return static_cast<int>(rng.Below(10'000));
  }
}

inline uint64_t Unsigned(Rng& rng) {
  return rng.Below(3) == 0 ? std::numeric_limits<uint64_t>::max() : rng.Below(1'000'000);
}

inline double Real(Rng& rng) {
  switch (rng.Below(5)) {
    case 0:
      return 0;
    case 1:
      return std::numeric_limits<double>::max();
    case 2:
      return -std::numeric_limits<double>::denorm_min();
    case 3:
      return std::numeric_limits<double>::infinity();
    default:
      return rng.Normal() * 1e3;
  }
}

inline double Known(Rng& rng) {
  return rng.Below(2) == 0 ? -1 : std::fabs(rng.Normal()) * 1e4;
}  // -1 = unknown

inline bool Bool(Rng& rng) {
  return rng.Below(2) == 0;
}

inline Micros Length(Rng& rng) {
  switch (rng.Below(4)) {
    case 0:
      return Micros::max();
    case 1:
      return Micros::min();
    default:
      return Micros(static_cast<int64_t>(rng.Below(1u << 30)));
  }
}

inline WallTime At(Rng& rng) {
  switch (rng.Below(5)) {
    case 0:
      return WallTime::max();
    case 1:
      return WallTime::min();
    case 2:
      return WallTime();
    default:
      return WallFromMicros(1'700'000'000'000'000 + static_cast<int64_t>(rng.Next() >> 20));
  }
}

inline std::string Text(Rng& rng) {
  static const std::vector<std::string> kTexts = {"",
                                                  "x",
                                                  "p95 <= 100 ms: 93.1 \xc2\xb1 2",
                                                  "a\nb\t\"c\"",
                                                  std::string("zero\0inside", 11),
                                                  std::string(3000, 'y')};
  return kTexts[rng.Below(kTexts.size())];
}

template <typename Enum>
Enum Any(Rng& rng, Enum last) {
  return static_cast<Enum>(rng.Below(static_cast<uint64_t>(last) + 1));
}

template <typename Make>
auto Some(Rng& rng, Make make) {
  std::vector<decltype(make())> values;
  for (uint64_t n = rng.Below(4); n > 0; --n) {
    values.push_back(make());
  }
  return values;
}

template <typename Id>
Id AnyId(Rng& rng, const char* prefix) {
  return Id(prefix + std::to_string(rng.Below(1'000'000)));
}

inline model::ServiceId AnyService(Rng& rng) {
  return rng.Below(4) == 0 ? model::ServiceId(std::string(63, 'a')) : AnyId<model::ServiceId>(rng, "web");
}

}  // namespace shadowd::rpc
