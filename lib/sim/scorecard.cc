#include "sim/scorecard.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"

namespace shadowd::sim {
namespace {

constexpr Micros kMove = std::chrono::minutes(5);

// The 95 % quantile of Student's t, by degrees of freedom from 1 on.
constexpr std::array kStudent95 = {6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812,
                                   1.796, 1.782, 1.771, 1.761, 1.753, 1.746, 1.740, 1.734, 1.729, 1.725,
                                   1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703, 1.701, 1.699, 1.697};
constexpr double kNormal95 = 1.645;

void CountActions(const Scene& scene, const Play& play, std::span<const int> needed, Scorecard& card) {
  const auto hold = static_cast<size_t>(std::max<int64_t>(1, scene.spec.forecast.hold / play.step));
  for (size_t i = 1; i < play.steps.size(); ++i) {
    const int before = play.steps[i - 1].wanted;
    const int after = play.steps[i].wanted;
    card.scale_actions += after != before ? 1 : 0;
    if (after <= before) {
      continue;
    }
    ++card.scale_outs;
    const auto from = needed.begin() + static_cast<std::ptrdiff_t>(i);
    const auto until = from + static_cast<std::ptrdiff_t>(std::min(hold + 1, needed.size() - i));
    card.false_scale_outs += std::all_of(from, until, [&](int n) { return n <= before; }) ? 1 : 0;
  }
}

int Sign(int value) {
  return (value > 0) - (value < 0);
}

void CountElasticity(const Play& play, std::span<const int> needed, Scorecard& card) {
  const auto move = static_cast<size_t>(std::max<int64_t>(1, kMove / play.step));
  double under = 0, over = 0, steps_under = 0, steps_over = 0, against = 0;
  for (size_t i = 0; i < play.steps.size(); ++i) {
    const int excess = play.steps[i].serving - needed[i];
    under += static_cast<double>(std::max(-excess, 0)) / needed[i];
    over += static_cast<double>(std::max(excess, 0)) / needed[i];
    steps_under += excess < 0 ? 1 : 0;
    steps_over += excess > 0 ? 1 : 0;
    if (i >= move) {
      const int supply = Sign(play.steps[i].serving - play.steps[i - move].serving);
      against += supply * Sign(needed[i] - needed[i - move]) < 0 ? 1 : 0;
    }
  }
  const double per_cent = 100 / static_cast<double>(play.steps.size());
  card.theta_under = under * per_cent;
  card.theta_over = over * per_cent;
  card.tau_under = steps_under * per_cent;
  card.tau_over = steps_over * per_cent;
  card.instability = against * per_cent;
}

}  // namespace

Scorecard Score(const Scene& scene, const Play& play, std::span<const int> needed) {
  SHADOWD_CHECK(!play.steps.empty() && needed.size() >= play.steps.size());
  Scorecard card;
  card.policy = play.policy;
  const double step_hours = ToSeconds(play.step) / 3600;
  double requests = 0, over = 0;
  for (const PlayStep& step : play.steps) {
    card.slo_violation_minutes += 60 * step_hours * step.violation_share;
    card.instance_hours += step_hours * step.paid;
    requests += step.demand_rps;
    over += step.demand_rps * step.over_share;
  }
  card.hours = step_hours * static_cast<double>(play.steps.size());
  card.over_share = requests > 0 ? over / requests : 0;
  card.shadow_instance_hours = play.shadow_seconds / 3600;
  card.trials = play.trials;
  CountActions(scene, play, needed, card);
  CountElasticity(play, needed, card);
  const model::Prices& prices = scene.spec.prices;
  card.cost = card.instance_hours * prices.instance_hour + card.shadow_instance_hours * prices.shadow_hour +
              card.slo_violation_minutes * prices.violation_per_minute;
  return card;
}

Spread SpreadOf(std::span<const double> values) {
  SHADOWD_CHECK(!values.empty());
  const auto count = static_cast<double>(values.size());
  Spread spread;
  for (const double value : values) {
    spread.mean += value / count;
  }
  double squares = 0;
  for (const double value : values) {
    squares += (value - spread.mean) * (value - spread.mean);
  }
  double half = 0;
  if (values.size() > 1) {
    const size_t freedom = values.size() - 1;
    const double t = freedom <= kStudent95.size() ? kStudent95[freedom - 1] : kNormal95;
    half = t * std::sqrt(squares / static_cast<double>(freedom) / count);
  }
  spread.low = spread.mean - half;
  spread.high = spread.mean + half;
  return spread;
}

Summary Summarise(std::span<const Scorecard> scorecards) {
  SHADOWD_CHECK(!scorecards.empty());
  const auto of = [&](double Scorecard::*field) {
    std::vector<double> values;
    for (const Scorecard& card : scorecards) {
      values.push_back(card.*field);
    }
    return SpreadOf(values);
  };
  Summary summary;
  summary.policy = scorecards.front().policy;
  summary.seeds = static_cast<int>(scorecards.size());
  summary.slo_violation_minutes = of(&Scorecard::slo_violation_minutes);
  summary.over_share = of(&Scorecard::over_share);
  summary.instance_hours = of(&Scorecard::instance_hours);
  summary.shadow_instance_hours = of(&Scorecard::shadow_instance_hours);
  summary.scale_actions = of(&Scorecard::scale_actions);
  summary.scale_outs = of(&Scorecard::scale_outs);
  summary.false_scale_outs = of(&Scorecard::false_scale_outs);
  summary.theta_under = of(&Scorecard::theta_under);
  summary.theta_over = of(&Scorecard::theta_over);
  summary.tau_under = of(&Scorecard::tau_under);
  summary.tau_over = of(&Scorecard::tau_over);
  summary.instability = of(&Scorecard::instability);
  summary.trials = of(&Scorecard::trials);
  summary.cost = of(&Scorecard::cost);
  return summary;
}

}  // namespace shadowd::sim
