// What the back-test is to show, as claims over one row of its table: a trace, with or without a deploy, and
// what each policy came to on it. Pure functions.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/scene.h"

namespace shadowd::bench {

// Means over the seeds.
struct Figures {
  double violation_minutes = 0;
  double instance_hours = 0;
  double shadow_hours = 0;
  double actions = 0;
  std::optional<double> target = {};
};

inline constexpr std::array kPolicies = {"shadowd", "forecast-only",      "hpa", "hpa-tuned", "weekly-offset",
                                         "oracle",  "oracle-distribution"};

struct Row {
  std::string trace = {};
  bool deploy = false;
  double hours = 0;                   // played
  double noise = 0;                   // Noise() of its demand
  double cpu_seconds_per_week = 0;    // to play shadowd
  std::map<std::string, Figures> of;  // all of kPolicies

  const Figures& Of(const std::string& policy) const { return of.at(policy); }
  double OverOracle(const std::string& policy) const;  // instance hours over the oracle's
};

enum class Verdict { kMet, kMissed, kNotConcerned };
const char* VerdictName(Verdict verdict);  // "met", "MISSED", "-"

struct Claim {
  const char* name;
  const char* meaning;
};
// Against HPA, tuned HPA, weekly offset, forecast only; of shadow hours, of instance hours, of speed.
inline constexpr size_t kClaims = 7;
const std::array<Claim, kClaims>& Claims();

struct Judgement {
  Verdict verdict = Verdict::kNotConcerned;
  std::string figures;  // that it was made from
};
// In the order of Claims().
std::array<Judgement, kClaims> Judge(const Row& row);

// Mean distance of demand from its mean over the half hour around, as a share of the mean.
double Noise(const sim::Trace& trace);
// Above this a trace is noisy, else smooth.
inline constexpr double kNoisy = 0.05;

}  // namespace shadowd::bench
