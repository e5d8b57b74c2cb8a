#include "bench/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace shadowd::bench {
namespace {

constexpr double kHpaLoses = 10;  // minutes, from which HPA has something to lose against
constexpr double kHpaFewer = 0.10, kHpaHours = 0.90, kHpaMore = 1;
constexpr double kWeeklyWaste = 1.3, kWeeklyHours = 0.80;
constexpr double kForecastFewer = 0.50;
constexpr double kShadowShare = 0.02;
constexpr double kSmoothWithin = 0.15, kNoisyWithin = 0.40;
constexpr double kSecondsPerWeek = 5;
constexpr Micros kAround = std::chrono::minutes(15);

constexpr std::array<Claim, kClaims> kAll = {
    Claim{"hpa",
          "where HPA (CPU 60 %) is over the SLO for at least 10 minutes: >= 90 % fewer, at <= 90 % of its "
          "instance hours; elsewhere no more than its own plus one minute"},
    Claim{
        "hpa-tuned",
        "fewer minutes over the SLO (or none where it has none) at no more than the instance hours of an HPA "
        "whose target was tuned in hindsight"},
    Claim{"weekly-offset",
          "no more minutes over the SLO, and >= 20 % fewer instance hours where it uses over 1.3 times the "
          "oracle's"},
    Claim{"forecast-only", "with a deploy: >= 50 % fewer minutes over the SLO than the same without trials"},
    Claim{"shadow hours", "<= 2 % of the instance hours"},
    Claim{"instance hours", "within 15 % of the oracle's on smooth traces, 40 % on noisy ones"},
    Claim{"speed", "a week of one service in < 5 s of one core"}};

Judgement Judged(bool met, std::string figures) {
  return {met ? Verdict::kMet : Verdict::kMissed, std::move(figures)};
}

double Share(double part, double whole) {
  return whole > 0 ? part / whole : (part > 0 ? INFINITY : 0);
}

std::string Against(const Figures& own, const Figures& other) {
  return fmt::format("{:.1f} min of {:.1f}, {:.0f} % of its hours", own.violation_minutes,
                     other.violation_minutes, 100 * Share(own.instance_hours, other.instance_hours));
}

Judgement AgainstHpa(const Row& row) {
  const Figures &own = row.Of("shadowd"), &hpa = row.Of("hpa");
  const bool met = hpa.violation_minutes >= kHpaLoses
                       ? own.violation_minutes <= kHpaFewer * hpa.violation_minutes &&
                             own.instance_hours <= kHpaHours * hpa.instance_hours
                       : own.violation_minutes <= hpa.violation_minutes + kHpaMore;
  return Judged(met, Against(own, hpa));
}

Judgement AgainstTuned(const Row& row) {
  const Figures &own = row.Of("shadowd"), &tuned = row.Of("hpa-tuned");
  const bool fewer = own.violation_minutes < tuned.violation_minutes ||
                     (own.violation_minutes == 0 && tuned.violation_minutes == 0);
  return Judged(fewer && own.instance_hours <= tuned.instance_hours, Against(own, tuned));
}

Judgement AgainstWeekly(const Row& row) {
  const Figures &own = row.Of("shadowd"), &weekly = row.Of("weekly-offset");
  const bool wasteful = row.OverOracle("weekly-offset") > kWeeklyWaste;
  const bool met = own.violation_minutes <= weekly.violation_minutes &&
                   (!wasteful || own.instance_hours <= kWeeklyHours * weekly.instance_hours);
  return Judged(met, Against(own, weekly) +
                         fmt::format(", which are {:.2f} of the oracle's", row.OverOracle("weekly-offset")));
}

Judgement AgainstForecast(const Row& row) {
  if (!row.deploy) {
    return {};
  }
  const Figures &own = row.Of("shadowd"), &other = row.Of("forecast-only");
  return Judged(own.violation_minutes <= kForecastFewer * other.violation_minutes, Against(own, other));
}

Judgement OfShadows(const Row& row) {
  const Figures& own = row.Of("shadowd");
  const double share = Share(own.shadow_hours, own.instance_hours);
  return Judged(share <= kShadowShare, fmt::format("{:.2f} %", 100 * share));
}

Judgement OfHours(const Row& row) {
  const bool noisy = row.noise > kNoisy;
  const double ratio = row.OverOracle("shadowd");
  return Judged(
      std::abs(ratio - 1) <= (noisy ? kNoisyWithin : kSmoothWithin),
      fmt::format("{:.2f} of the oracle's, {} ({:.1f} % noise); who knows the distribution {:.2f}", ratio,
                  noisy ? "noisy" : "smooth", 100 * row.noise, row.OverOracle("oracle-distribution")));
}

}  // namespace

double Row::OverOracle(const std::string& policy) const {
  return Share(Of(policy).instance_hours, Of("oracle").instance_hours);
}

const char* VerdictName(Verdict verdict) {
  return verdict == Verdict::kMet ? "met" : (verdict == Verdict::kMissed ? "MISSED" : "-");
}

const std::array<Claim, kClaims>& Claims() {
  return kAll;
}

std::array<Judgement, kClaims> Judge(const Row& row) {
  return {
      AgainstHpa(row),
      AgainstTuned(row),
      AgainstWeekly(row),
      AgainstForecast(row),
      OfShadows(row),
      OfHours(row),
      Judged(row.cpu_seconds_per_week < kSecondsPerWeek, fmt::format("{:.2f} s", row.cpu_seconds_per_week))};
}

double Noise(const sim::Trace& trace) {
  const auto reach = static_cast<size_t>(std::max<int64_t>(1, kAround / trace.step));
  std::vector<double> sums = {0};  // and counts, of what is known up to a step
  std::vector<double> counts = {0};
  for (const double rps : trace.demand_rps) {
    sums.push_back(sums.back() + (std::isnan(rps) ? 0 : rps));
    counts.push_back(counts.back() + (std::isnan(rps) ? 0 : 1));
  }
  const size_t steps = trace.demand_rps.size();
  double off = 0;
  for (size_t i = 0; i < steps; ++i) {
    if (!std::isnan(trace.demand_rps[i])) {
      const size_t from = i - std::min(i, reach), to = std::min(steps, i + reach + 1);
      off += std::abs(trace.demand_rps[i] - (sums[to] - sums[from]) / (counts[to] - counts[from]));
    }
  }
  return sums.back() > 0 ? off / sums.back() : 0;
}

}  // namespace shadowd::bench
