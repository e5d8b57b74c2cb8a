#include "forecast/season.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace shadowd::forecast {
namespace {

constexpr int kShortest = 4;
constexpr int kMostLags = 1024;       // of the blind search; a calendar season may be longer
constexpr double kCalendar = 0.3;     // correlation that makes a calendar season believed
constexpr double kFound = 0.4;        // and one that nobody expected
constexpr double kAboveTrough = 0.2;  // a season's peak stands out of the lags before it

// Means over at most this many pairs: the estimate is good enough and the cost stays bounded.
constexpr size_t kMostPairs = 4096;

double Autocorrelation(std::span<const double> z, double mean, double variance, size_t lag) {
  const size_t pairs = std::min(z.size() - lag, kMostPairs);
  double sum = 0;
  for (size_t t = z.size() - pairs; t < z.size(); ++t) {
    sum += (z[t] - mean) * (z[t - lag] - mean);
  }
  return sum / (static_cast<double>(pairs) * variance);
}

// The highest local peak that stands out of a trough before it; 0 = none.
int HighestPeak(const std::vector<double>& acf) {
  int best = 0;
  double trough = acf[1];
  for (size_t lag = 2; lag + 1 < acf.size(); ++lag) {
    trough = std::min(trough, acf[lag]);
    const bool peak = acf[lag] >= acf[lag - 1] && acf[lag] >= acf[lag + 1];
    const bool stands_out = acf[lag] > kFound && acf[lag] - trough > kAboveTrough;
    // A multiple of a season correlates as well as the season: only a clearly better one replaces it.
    const bool better = best == 0 || acf[lag] > acf[static_cast<size_t>(best)] + 0.05;
    if (peak && stands_out && better && static_cast<int>(lag) >= kShortest) {
      best = static_cast<int>(lag);
    }
  }
  return best;
}

}  // namespace

std::vector<int> FindSeasons(std::span<const double> z, Micros step) {
  const size_t n = z.size();
  double mean = 0;
  double variance = 0;
  for (const double v : z) {
    mean += v / static_cast<double>(n);
  }
  for (const double v : z) {
    variance += (v - mean) * (v - mean) / static_cast<double>(n);
  }
  if (n < 2 * kShortest || variance <= 1e-18 * (1 + mean * mean)) {
    return {};
  }
  std::vector<int> seasons;
  for (const int64_t calendar_us : {86'400'000'000LL, 604'800'000'000LL}) {
    const int64_t lag = calendar_us / step.count();
    const bool whole = calendar_us % step.count() == 0;
    if (whole && lag >= kShortest && lag * 2 <= static_cast<int64_t>(n) &&
        Autocorrelation(z, mean, variance, static_cast<size_t>(lag)) > kCalendar) {
      seasons.push_back(static_cast<int>(lag));
    }
  }
  if (!seasons.empty()) {
    return seasons;
  }
  const size_t lags = std::min<size_t>(n / 2, kMostLags);
  std::vector<double> acf(lags + 1, 1.0);
  for (size_t lag = 1; lag <= lags; ++lag) {
    acf[lag] = Autocorrelation(z, mean, variance, lag);
  }
  if (const int found = HighestPeak(acf); found > 0) {
    seasons.push_back(found);
  }
  return seasons;
}

}  // namespace shadowd::forecast
