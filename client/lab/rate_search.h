// Looks for the highest rate that a target holds within its SLO, with few requests: doubles the rate until it
// fails, then halves the gap on a logarithmic scale. A run says HOLDS or FAILS once the share of requests
// over the limit differs from what the quantile allows by more than chance (Wilson's interval at 95 %, Wilson
// 1927, J. Am. Stat. Assoc. 22); one that stays open is run longer, and then counts as failing: a rate is
// only told that was seen to hold. Pure; the caller sends the load.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace shadowd::lab {

struct SearchRun {
  double rate = 0;        // asked for, requests per second
  double seconds = 0;     // asked for
  uint64_t requests = 0;  // planned
  uint64_t over = 0;      // of them: over the limit, errors, or never sent
  bool holds = false;
};

class RateSearch {
 public:
  struct Options {
    double first = 10;            // requests per second
    double highest = 100'000;     // never asked for more
    double allowed_over = 0.05;   // share of requests: 1 - the SLO's quantile
    double precision = 1.05;      // of the answer: failing over holding rate, at most
    uint64_t requests_min = 200;  // of a run
    uint64_t requests_max = 20'000;
    double seconds_min = 2;
  };
  struct Next {
    double rate = 0;
    double seconds = 0;
  };

  explicit RateSearch(const Options& options) : options_(options), rate_(options.first) {}

  // What to run next; nothing when the answer is known.
  std::optional<Next> NextRun() const;
  void Add(uint64_t requests, uint64_t over);

  double held() const { return held_; }                     // highest rate that held; 0 = none
  std::optional<double> failed() const { return failed_; }  // lowest that did not
  const std::vector<SearchRun>& runs() const { return runs_; }

 private:
  enum class Verdict { kOpen, kHolds, kFails };
  Verdict Judge(uint64_t requests, uint64_t over) const;
  void Choose();

  Options options_;
  double rate_;
  double longer_ = 1;  // times the usual length, after an open run
  double held_ = 0;
  std::optional<double> failed_;
  bool done_ = false;
  std::vector<SearchRun> runs_;
};

}  // namespace shadowd::lab
