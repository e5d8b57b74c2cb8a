// Seeded pseudo-random numbers (xoshiro256++ of Blackman and Vigna, seeded by splitmix64): the same seed
// gives the same stream on every machine, which the standard library's distributions do not promise. Not for
// secrets. Value type.
#pragma once

#include <array>
#include <cstdint>

namespace shadowd {

class Rng {
 public:
  explicit Rng(uint64_t seed);

  uint64_t Next();                  // 64 uniform bits
  double Uniform();                 // [0, 1)
  uint64_t Below(uint64_t bound);   // [0, bound), bound > 0
  double Exponential(double mean);  // mean > 0
  double Normal();                  // mean 0, deviation 1
  double Gamma(double shape);       // mean = shape, scale 1; shape > 0 (Marsaglia and Tsang 2000)
  Rng Fork();                       // an independent stream, derived from this one

 private:
  std::array<uint64_t, 4> state_;
};

}  // namespace shadowd
