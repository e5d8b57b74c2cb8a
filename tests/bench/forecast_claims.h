// What the forecast is to show on the public data, as claims over figures: of hourly series (M4) and of
// traces beside what R's `forecast` package scores on them. Pure functions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/peer_scores.h"

namespace shadowd::bench {

// Means over the series.
struct SeriesFigures {
  double owa = 0;
  double msis = 0;
  double coverage = 0;
  double seconds = 0;  // CPU of a fit and its forecast
};

struct TraceFigures {
  std::string trace = {};
  size_t origins = 0;
  double mase = 0;
  double msis = 0;
  double coverage = 0;
  double peak_coverage = 0;               // share of origins
  double margin = 0;                      // of the largest upper limit over the peak
  std::optional<PeerScores> single = {};  // the method of R that is best over all traces
  std::optional<PeerScores> best = {};    // the best one of this trace, in hindsight
};

struct ForecastClaim {
  std::string name;
  std::string meaning;
  bool met = false;
  std::string figures;  // that it was judged from
};

std::vector<ForecastClaim> JudgeSeries(const SeriesFigures& figures);
// At least one trace. What compares with R is judged on the traces that have its scores, or left out when
// none has.
std::vector<ForecastClaim> JudgeTraces(std::span<const TraceFigures> traces);
ForecastClaim JudgeUpdate(double seconds);  // of one observation
ForecastClaim JudgeMemory(double bytes);    // of one service

// Middle of the sorted values, the mean of both middles where their number is even. At least one.
double Median(std::vector<double> values);

}  // namespace shadowd::bench
