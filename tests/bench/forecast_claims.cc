#include "bench/forecast_claims.h"

#include <fmt/format.h>

#include <algorithm>

namespace shadowd::bench {
namespace {

constexpr double kOwa = 0.44, kSeriesMsis = 6.8, kMillisecondsToFit = 5, kMicrosecondsToUpdate = 20;
constexpr double kBytes = 40'000;
constexpr double kMase = 0.66, kMsis = 6.0;
constexpr double kCoverageLow = 0.94, kCoverageHigh = 0.96;
constexpr double kBandLow = 0.90, kBandHigh = 0.985, kInBand = 0.9;
constexpr double kAgainstSingle = 0.8, kAgainstBest = 0.5;
constexpr double kPeaks = 0.93, kMargin = 0.40;

std::vector<double> Column(std::span<const TraceFigures> traces, double TraceFigures::*figure) {
  std::vector<double> values;
  for (const TraceFigures& trace : traces) {
    values.push_back(trace.*figure);
  }
  return values;
}

bool Within(double value, double low, double high) {
  return value >= low && value <= high;
}

ForecastClaim InBand(std::span<const TraceFigures> traces) {
  const auto inside = std::count_if(traces.begin(), traces.end(), [](const TraceFigures& trace) {
    return Within(trace.coverage, kBandLow, kBandHigh);
  });
  return {"coverage band", "within 0.90-0.985 on nine tenths of the traces",
          static_cast<double>(inside) >= kInBand * static_cast<double>(traces.size()),
          fmt::format("{} of {}", inside, traces.size())};
}

ForecastClaim OfPeaks(std::span<const TraceFigures> traces) {
  double held = 0, all = 0;
  for (const TraceFigures& trace : traces) {
    held += trace.peak_coverage * static_cast<double>(trace.origins);
    all += static_cast<double>(trace.origins);
  }
  const double margin = Median(Column(traces, &TraceFigures::margin));
  const double covered = all > 0 ? held / all : 0;
  return {"peaks", "pooled peak coverage >= 0.93 at a median upper margin <= 40 %",
          covered >= kPeaks && margin <= kMargin,
          fmt::format("{:.4f} of {:.0f} peaks, margin {:.1f} %", covered, all, 100 * margin)};
}

// A trace counts where both scores are at or below the peer's.
void AddAgainst(std::span<const TraceFigures> traces, std::optional<PeerScores> TraceFigures::*peer,
                double share, ForecastClaim claim, std::vector<ForecastClaim>& claims) {
  int mase = 0, msis = 0, both = 0, all = 0;
  for (const TraceFigures& trace : traces) {
    if (const auto& scores = trace.*peer) {
      ++all;
      mase += trace.mase <= scores->mase ? 1 : 0;
      msis += trace.msis <= scores->msis ? 1 : 0;
      both += trace.mase <= scores->mase && trace.msis <= scores->msis ? 1 : 0;
    }
  }
  if (all > 0) {
    claim.met = both >= share * all;
    claim.figures = fmt::format("both on {} of {}, MASE on {}, MSIS on {}", both, all, mase, msis);
    claims.push_back(std::move(claim));
  }
}

}  // namespace

std::vector<ForecastClaim> JudgeSeries(const SeriesFigures& f) {
  return {{"M4 OWA", "<= 0.44", f.owa <= kOwa, fmt::format("{:.4f}", f.owa)},
          {"M4 MSIS", "<= 6.8", f.msis <= kSeriesMsis, fmt::format("{:.3f}", f.msis)},
          {"M4 coverage", "within 0.94-0.96", Within(f.coverage, kCoverageLow, kCoverageHigh),
           fmt::format("{:.4f}", f.coverage)},
          {"M4 speed", "fit and forecast < 5 ms of CPU a series", f.seconds * 1e3 < kMillisecondsToFit,
           fmt::format("{:.2f} ms", f.seconds * 1e3)}};
}

std::vector<ForecastClaim> JudgeTraces(std::span<const TraceFigures> traces) {
  const double mase = Median(Column(traces, &TraceFigures::mase));
  const double msis = Median(Column(traces, &TraceFigures::msis));
  const double coverage = Median(Column(traces, &TraceFigures::coverage));
  std::vector<ForecastClaim> claims = {
      {"MASE", "median over the traces <= 0.66", mase <= kMase, fmt::format("{:.4f}", mase)},
      {"MSIS", "median over the traces <= 6.0", msis <= kMsis, fmt::format("{:.3f}", msis)},
      {"coverage", "median within 0.94-0.96", Within(coverage, kCoverageLow, kCoverageHigh),
       fmt::format("{:.4f}", coverage)},
      InBand(traces),
      OfPeaks(traces)};
  AddAgainst(traces, &TraceFigures::single, kAgainstSingle,
             {"R single", "at or below R's best single method in both scores on four fifths", false, ""},
             claims);
  AddAgainst(traces, &TraceFigures::best, kAgainstBest,
             {"R hindsight", "at or below the best of R chosen per trace in both scores on half", false, ""},
             claims);
  return claims;
}

ForecastClaim JudgeUpdate(double seconds) {
  return {"update", "one observation < 20 us of CPU", seconds * 1e6 < kMicrosecondsToUpdate,
          fmt::format("{:.1f} us", seconds * 1e6)};
}

ForecastClaim JudgeMemory(double bytes) {
  return {"memory", "a service with two weeks of five-minute steps < 40 KB", bytes < kBytes,
          fmt::format("{:.1f} KB", bytes / 1e3)};
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace shadowd::bench
