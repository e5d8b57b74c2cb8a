// What "load" was asked for, made from words: rates, arrivals, profiles, requests. Pure functions of texts;
// every error names the flag, or file and line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "load/request_form.h"
#include "load/send_plan.h"
#include "load/url.h"

namespace shadowd::lab {

inline constexpr double kLoadRateMax = 2e6;  // requests per second: no one machine sends more

// "--rate": R, or A..B (a ramp over the run), or A,B,C (steps of equal length).
StatusOr<load::RateCurve> ParseRate(std::string_view text, double seconds);

// "--profile": columns time and value (or timestamp, rps), as histories of demand have them; straight lines
// between rows, two rows of one time are a step. Times count from the first. `seconds` is where the last row
// is.
struct RateProfile {
  load::RateCurve rate{0.0};
  double seconds = 0;
};
StatusOr<RateProfile> ParseProfile(const std::string& text, const std::string& file);

// "--arrival": constant, poisson, erlang:N, gamma:K or trace:FILE, whose name is handed back.
struct ArrivalChoice {
  load::ArrivalKind kind = load::ArrivalKind::kPoisson;
  int order = 1;
  double gamma_shape = 0;
  std::string trace;
};
StatusOr<ArrivalChoice> ParseArrival(const std::string& text);

// Times of requests, a row each: column time_us (microseconds, any zero) or time or timestamp (seconds or RFC
// 3339). They need not be sorted. `rate` > 0 stretches them to that mean rate.
StatusOr<std::vector<double>> ParseTimes(const std::string& text, const std::string& file, double rate);

// Requests by weight.
struct WeightedForm {
  load::RequestForm form;
  double weight = 1;
  std::string route;  // "GET /item/*"
};

// "--mix": columns weight, method, path, and optionally body and hour (0..23: the row counts in that hour
// only). A path may have variables ({1-1000}, {uuid}), each drawn kDrawsAPattern times. `hour` < 0: all rows.
inline constexpr int kDrawsAPattern = 64;
StatusOr<std::vector<WeightedForm>> ParseMix(const std::string& text, const std::string& file, int hour,
                                             uint64_t seed);

// "--log": an access log (load/access_log.h). Only GET and HEAD, for no log has bodies; each request is as
// frequent as there, in that hour of day where `hour` >= 0. Most frequent first, at most kLoggedMax.
inline constexpr size_t kLoggedMax = 4096;
StatusOr<std::vector<WeightedForm>> ParseLog(const std::string& text, const std::string& file, int hour);

}  // namespace shadowd::lab
