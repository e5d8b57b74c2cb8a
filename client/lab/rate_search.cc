#include "lab/rate_search.h"

#include <algorithm>
#include <cmath>

namespace shadowd::lab {
namespace {

constexpr double kZ = 1.96;
constexpr double kLonger = 3;
constexpr size_t kRunsMax = 60;

double SecondsFor(const RateSearch::Options& options, double rate, double longer) {
  const double wanted =
      std::max(static_cast<double>(options.requests_min) / rate, options.seconds_min) * longer;
  return std::min(wanted, std::max(options.seconds_min, static_cast<double>(options.requests_max) / rate));
}

}  // namespace

std::optional<RateSearch::Next> RateSearch::NextRun() const {
  if (done_) {
    return std::nullopt;
  }
  return Next{rate_, SecondsFor(options_, rate_, longer_)};
}

RateSearch::Verdict RateSearch::Judge(uint64_t requests, uint64_t over) const {
  if (requests == 0) {
    return Verdict::kOpen;
  }
  const auto n = static_cast<double>(requests);
  const double p = static_cast<double>(over) / n, z2 = kZ * kZ;
  const double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half = kZ / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  if (middle + half < options_.allowed_over) {
    return Verdict::kHolds;
  }
  return middle - half > options_.allowed_over ? Verdict::kFails : Verdict::kOpen;
}

void RateSearch::Add(uint64_t requests, uint64_t over) {
  const double seconds = SecondsFor(options_, rate_, longer_);
  Verdict verdict = Judge(requests, over);
  runs_.push_back({rate_, seconds, requests, over, verdict == Verdict::kHolds});
  if (verdict == Verdict::kOpen && SecondsFor(options_, rate_, longer_ * kLonger) > seconds &&
      runs_.size() < kRunsMax) {
    longer_ *= kLonger;
    return;
  }
  longer_ = 1;
  if (verdict == Verdict::kHolds) {
    held_ = std::max(held_, rate_);
  } else {
    failed_ = failed_ ? std::min(*failed_, rate_) : rate_;
  }
  Choose();
}

void RateSearch::Choose() {
  if (!failed_) {
    done_ = held_ >= options_.highest;
    rate_ = std::min(2 * held_, options_.highest);
  } else if (held_ > 0) {
    done_ = *failed_ / held_ <= options_.precision;
    rate_ = std::sqrt(held_ * *failed_);
  } else {  // the first rate failed already
    rate_ = *failed_ / 4;
    done_ = rate_ * options_.seconds_min < 1;  // less than a request a run
  }
  done_ = done_ || runs_.size() >= kRunsMax;
}

}  // namespace shadowd::lab
