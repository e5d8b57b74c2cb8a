// What the Shadow Analysis Engine is to show on seeded simulations, as claims over figures. Pure functions.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace shadowd::bench {

struct AnalysisClaim {
  std::string name;
  std::string meaning;
  bool met = false;
  std::string figures;  // that it was judged from
};

// Trials of one stream against a prediction that is right and a limit that is the true quantile.
struct FalseAlarms {
  std::string stream = {};
  int trials = 0;
  int off = 0;         // the model axis ever said OFF
  int fails = 0;       // the SLO axis ever said FAILS
  int alarms = 0;      // either
  int accurate = 0;    // ever
  int rank_end = 0;    // Mann-Whitney at 98 %, asked once at the end
  int rank_ever = 0;   // asked at every window from the fifth on
  int judge_ever = 0;  // with Kayenta's thresholds on top
};
std::vector<AnalysisClaim> JudgeFalseAlarms(std::span<const FalseAlarms> streams);

// Trials that are to end with a verdict within a number of requests.
struct Power {
  std::string name = {};
  int requests = 0;  // within
  int trials = 0;
  int right = 0;  // ended with the right verdict in time
  int wrong = 0;
};
std::vector<AnalysisClaim> JudgePower(std::span<const Power> cases);

// Requests until one test at alpha .05 with a tolerance of 10 % decides, against the reference table.
struct Samples {
  int percentile = 0;     // of latency: 50, 95, 99
  int error_percent = 0;  // of the prediction, in truth
  double median = 0;
  double ninth_decile = 0;
  double reference_median = 0;
  double reference_ninth_decile = 0;  // 0 = the table has none
  int wrong = 0;
  int trials = 0;
};
std::vector<AnalysisClaim> JudgeSamples(std::span<const Samples> cells);

// Fits of a curve through three levels, asked about an unseen load between them.
struct CurveFigures {
  int cases = 0;
  int close = 0;             // p95 within 10 %
  int covered = 0;           // by the interval
  int too_small = 0;         // level for an SLO
  double median_excess = 0;  // level over the smallest that holds, as a share
};
std::vector<AnalysisClaim> JudgeCurve(const CurveFigures& figures);

}  // namespace shadowd::bench
