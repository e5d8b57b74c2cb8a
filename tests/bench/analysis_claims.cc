#include "bench/analysis_claims.h"

#include <fmt/format.h>

#include <algorithm>

namespace shadowd::bench {
namespace {

constexpr double kAlarmsMax = 0.05;
constexpr double kPowerMin = 0.90;
constexpr double kSamplesMax = 1.3;
constexpr double kTailRequestsMax = 2500;
constexpr double kCloseMin = 0.90, kCoverageLow = 0.93, kCoverageHigh = 0.97, kTooSmallMax = 0.05;

double Share(int part, int whole) {
  return whole > 0 ? static_cast<double>(part) / whole : 0;
}
double Percent(int part, int whole) {
  return 100 * Share(part, whole);
}

}  // namespace

std::vector<AnalysisClaim> JudgeFalseAlarms(std::span<const FalseAlarms> streams) {
  std::vector<AnalysisClaim> claims;
  for (const FalseAlarms& s : streams) {
    AnalysisClaim claim;
    claim.name = "false alarms, " + s.stream;
    claim.meaning = "OFF or FAILS in <= 5 % of trials whose prediction is right, looking at every window";
    claim.met = s.trials > 0 && Share(s.alarms, s.trials) <= kAlarmsMax;
    claim.figures = fmt::format(
        "{:.1f} % of {} trials (OFF {:.1f} %, FAILS {:.1f} %; ACCURATE {:.0f} %); Mann-Whitney {:.1f} % at "
        "the "
        "end, {:.1f} % at any window, with Kayenta's thresholds {:.1f} %",
        Percent(s.alarms, s.trials), s.trials, Percent(s.off, s.trials), Percent(s.fails, s.trials),
        Percent(s.accurate, s.trials), Percent(s.rank_end, s.trials), Percent(s.rank_ever, s.trials),
        Percent(s.judge_ever, s.trials));
    claims.push_back(std::move(claim));
  }
  return claims;
}

std::vector<AnalysisClaim> JudgePower(std::span<const Power> cases) {
  std::vector<AnalysisClaim> claims;
  for (const Power& c : cases) {
    claims.push_back({"power, " + c.name,
                      fmt::format("the right verdict within {} requests in >= 90 %", c.requests),
                      c.trials > 0 && Share(c.right, c.trials) >= kPowerMin,
                      fmt::format("{:.1f} % of {} trials right, {:.1f} % wrong", Percent(c.right, c.trials),
                                  c.trials, Percent(c.wrong, c.trials))});
  }
  return claims;
}

std::vector<AnalysisClaim> JudgeSamples(std::span<const Samples> cells) {
  std::vector<AnalysisClaim> claims;
  for (const Samples& cell : cells) {
    const double ratio = cell.median / cell.reference_median;
    const double tail = cell.reference_ninth_decile > 0 ? cell.ninth_decile / cell.reference_ninth_decile : 0;
    AnalysisClaim claim;
    claim.name = fmt::format("samples, p{} {:+d} %", cell.percentile, cell.error_percent);
    claim.meaning = "median and 90th percentile <= 1.3 times the reference";
    claim.met = std::max(ratio, tail) <= kSamplesMax;
    claim.figures =
        fmt::format("{:.0f} / {:.0f} requests, {:.2f} and {:.2f} times the reference; {} of {} wrong",
                    cell.median, cell.ninth_decile, ratio, tail, cell.wrong, cell.trials);
    claims.push_back(std::move(claim));
    if (cell.percentile == 99 && cell.error_percent == 30) {
      claims.push_back({"samples, p99 far off",
                        "p99 30 % off its prediction is found in a median of <= 2500 requests",
                        cell.median <= kTailRequestsMax, fmt::format("{:.0f}", cell.median)});
    }
  }
  return claims;
}

std::vector<AnalysisClaim> JudgeCurve(const CurveFigures& f) {
  const double coverage = Share(f.covered, f.cases);
  return {{"curve, close", "p95 at an unseen load between three levels within 10 % in >= 90 % of cases",
           Share(f.close, f.cases) >= kCloseMin,
           fmt::format("{:.1f} % of {}", Percent(f.close, f.cases), f.cases)},
          {"curve, coverage", "the 95 % interval there holds the truth in 93 to 97 %",
           coverage >= kCoverageLow && coverage <= kCoverageHigh, fmt::format("{:.1f} %", 100 * coverage)},
          {"curve, level", "the level for an SLO at 95 % confidence is too small in <= 5 %",
           f.cases > 0 && Share(f.too_small, f.cases) <= kTooSmallMax,
           fmt::format("{:.1f} %, in the median {:.0f} % above the smallest that holds",
                       Percent(f.too_small, f.cases), 100 * f.median_excess)}};
}

}  // namespace shadowd::bench
