// The canary judge in use elsewhere, to compare with: a Mann-Whitney test of two sets of points with the
// normal approximation, and on top the fixed thresholds of Kayenta's NetflixACAJudge (confidence 0.98,
// tolerance 0.25 of the Hodges-Lehmann estimate of the shift, which is not zero-based). Pure functions.
#pragma once

#include <span>

namespace shadowd::bench {

struct RankTest {
  double u = 0;  // pairs in which the first is larger, ties by half
  double sigma = 0;
  double z = 0;      // with continuity correction
  double shift = 0;  // Hodges-Lehmann: median of all differences
  double low = 0, high = 0;
};
RankTest MannWhitney(std::span<const double> experiment, std::span<const double> control,
                     double confidence_z);

enum class RankVerdict { kPass, kHigh, kLow };
RankVerdict JudgeByRanks(const RankTest& test);

inline constexpr double kRankConfidenceZ = 2.3263479;  // two-sided 98 %

}  // namespace shadowd::bench
