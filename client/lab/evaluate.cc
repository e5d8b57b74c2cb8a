#include "lab/evaluate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "forecast/demand_forecaster.h"
#include "lab/evaluate_parts.h"

namespace shadowd::lab {
namespace {

using forecast::DemandForecaster;
using forecast::ScoredStep;

constexpr size_t kPointsMax = 20'000;  // of longer traces the last ones
constexpr int64_t kHorizonMax = 60;
constexpr Micros kHour = std::chrono::hours(1);

// Linear between the values around a gap; at the ends the nearest value.
std::vector<double> Interpolated(const std::vector<double>& values) {
  std::vector<double> filled = values;
  size_t last = values.size();  // index of the newest value, none yet
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) {
      continue;
    }
    const bool first = last == values.size();
    for (size_t j = first ? 0 : last + 1; j < i; ++j) {
      const double share = first ? 1 : static_cast<double>(j - last) / static_cast<double>(i - last);
      filled[j] = first ? values[i] : values[last] + share * (values[i] - values[last]);
    }
    last = i;
  }
  for (size_t j = last + 1; j < values.size(); ++j) {
    filled[j] = values[last];
  }
  return filled;
}

// The last kPointsMax steps of a trace, and where they are cut.
struct Plan {
  std::vector<double> measured;  // NaN = gap
  std::vector<double> truth;     // gaps interpolated
  WallTime start;
  Micros step{0};
  size_t training = 0;
  size_t horizon = 0;
  size_t season = 1;  // of the scale
  size_t window = 0;
  std::vector<size_t> origins;  // points before it are known

  WallTime At(size_t i) const { return start + step * static_cast<int64_t>(i); }
};

size_t ScaleSeason(const Plan& plan, const std::vector<int>& asked) {
  if (!asked.empty()) {
    return static_cast<size_t>(*std::min_element(asked.begin(), asked.end()));
  }
  const Micros day = std::chrono::days(1);
  const auto steps = static_cast<size_t>(day / plan.step);
  const bool whole = day % plan.step == Micros(0) && steps >= 2;
  return whole && 2 * steps <= plan.training ? steps : 1;
}

StatusOr<Plan> MakePlan(const sim::Trace& trace, const EvaluateOptions& options) {
  Plan plan;
  const size_t all = trace.demand_rps.size(), n = std::min(all, kPointsMax);
  const std::vector<double> filled = Interpolated(trace.demand_rps);
  const auto cut = static_cast<std::ptrdiff_t>(all - n);
  plan.measured.assign(trace.demand_rps.begin() + cut, trace.demand_rps.end());
  plan.truth.assign(filled.begin() + cut, filled.end());
  plan.start = trace.start + trace.step * cut;
  plan.step = trace.step;
  plan.training = static_cast<size_t>((1 - options.test_share) * static_cast<double>(n) + 1e-9);
  const auto in_an_hour = std::clamp<int64_t>(kHour / trace.step, 1, kHorizonMax);
  plan.horizon = static_cast<size_t>(options.horizon > 0 ? options.horizon : in_an_hour);
  plan.season = ScaleSeason(plan, options.seasons);
  plan.window = static_cast<size_t>(std::max(1.0, options.window_days * 86400 / ToSeconds(plan.step))) + 1;
  if (plan.training < kTrainingMin || n - plan.training < plan.horizon) {
    return InvalidArgument(
        "{}: {} steps are too few: at least {} to learn from and {} to forecast are needed (test share {})",
        trace.name, n, kTrainingMin, plan.horizon, options.test_share);
  }
  SHADOWD_RETURN_IF_ERROR(CheckSeasons(trace.name, options.seasons, n, std::min(plan.training, plan.window)));
  const size_t possible = (n - plan.training) / plan.horizon;
  const size_t count = std::min(possible, static_cast<size_t>(options.origins));
  for (size_t j = 0; j < count; ++j) {
    const size_t number = count == possible ? j : (count == 1 ? 0 : j * (possible - 1) / (count - 1));
    plan.origins.push_back(plan.training + number * plan.horizon);
  }
  return plan;
}

// Everything up to an origin is known; it is imported at first and observed step by step afterwards.
void LearnUntil(const Plan& plan, size_t known, size_t until, DemandForecaster& forecaster) {
  if (known == 0) {
    std::vector<std::pair<WallTime, double>> history;
    for (size_t i = until - std::min(until, plan.window); i < until; ++i) {
      if (!std::isnan(plan.measured[i])) {
        history.emplace_back(plan.At(i), plan.measured[i]);
      }
    }
    forecaster.Import(history);
    RefitIfWanted(forecaster);
    return;
  }
  for (size_t i = known; i < until; ++i) {
    if (!std::isnan(plan.measured[i])) {
      forecaster.Observe(plan.At(i), plan.measured[i]);
      RefitIfWanted(forecaster);
    }
  }
}

// Nothing said yet of what came from the first forecast to the end of the last.
ScoredPath EmptyPath(const Plan& plan) {
  const size_t first = plan.origins.front(), length = plan.origins.back() + plan.horizon - first;
  const auto from = plan.measured.begin() + static_cast<std::ptrdiff_t>(first);
  const std::vector<double> unsaid(length, std::numeric_limits<double>::quiet_NaN());
  return {plan.At(first), {from, from + static_cast<std::ptrdiff_t>(length)}, unsaid, unsaid, unsaid};
}

void AddToPath(std::span<const ScoredStep> steps, size_t at, ScoredPath& path) {
  for (const ScoredStep& step : steps) {
    path.expected[at] = step.expected;
    path.lower[at] = step.lower;
    path.upper[at] = step.upper;
    ++at;
  }
}

}  // namespace

StatusOr<Evaluation> EvaluateTrace(const sim::Trace& trace, const EvaluateOptions& options,
                                   const CpuSeconds& cpu, const Progress& progress) {
  SHADOWD_ASSIGN_OR_RETURN(const Plan plan, MakePlan(trace, options));
  Evaluation evaluation;
  evaluation.step = plan.step;
  evaluation.points = plan.truth.size();
  evaluation.horizon = static_cast<int>(plan.horizon);
  evaluation.scale = forecast::SeasonalScale(std::span(plan.truth).first(plan.training), plan.season);
  DemandForecaster forecaster(model::ServiceId(trace.name),
                              ForecastOptions(options, plan.step, plan.horizon));
  forecast::Scorer scorer(evaluation.scale, options.coverage);
  evaluation.path = EmptyPath(plan);
  PlanPeaks peaks;
  const Micros span = plan.step * static_cast<int64_t>(plan.horizon);
  size_t known = 0, made = 0;
  double seconds = 0;
  for (const size_t origin : plan.origins) {
    const double before = cpu();
    LearnUntil(plan, known, origin, forecaster);
    const model::Forecast forecast = forecaster.Predict();
    seconds += cpu() - before;
    known = origin;
    const auto truth = std::span(plan.truth).subspan(origin, plan.horizon);
    const std::vector<ScoredStep> steps = Score(forecast, plan.At(origin), plan.step, truth);
    if (steps.empty()) {
      return InvalidArgument("{}: nothing is known of the {} days before the first forecast", trace.name,
                             options.window_days);
    }
    scorer.AddOrigin(steps);
    AddToPath(steps, origin - plan.origins.front(), evaluation.path);
    Tell(progress, ++made, plan.origins.size());
    peaks.Add(forecaster.PeakUpper(Micros(0), span), truth);
    for (size_t i = origin; i < origin + plan.horizon; ++i) {
      evaluation.gap_steps_scored += std::isnan(plan.measured[i]) ? 1 : 0;
    }
  }
  evaluation.scores = scorer.Result();
  peaks.Write(evaluation);
  evaluation.seconds_per_forecast = seconds / static_cast<double>(plan.origins.size());
  return evaluation;
}

}  // namespace shadowd::lab
