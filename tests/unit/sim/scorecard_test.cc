#include "sim/scorecard.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "scenes.h"

namespace shadowd::sim {
namespace {

using namespace std::chrono_literals;

// A minute a step: serving, wanted, violated.
struct Minute {
  int serving = 1, wanted = 1;
  double violation = 0;
};

Play PlayOf(const std::vector<Minute>& minutes) {
  Play play;
  play.policy = std::string("p");
  play.step = 1min;
  for (const Minute& minute : minutes) {
    PlayStep step;
    step.demand_rps = 100;
    step.serving = minute.serving;
    step.paid = std::max(minute.serving, minute.wanted);
    step.wanted = minute.wanted;
    step.violation_share = minute.violation;
    step.over_share = minute.violation > 0 ? 0.2 : 0.01;
    play.steps.push_back(step);
  }
  return play;
}

TEST_CASE("violations, hours and money add up") {
  Scene scene = SceneOf({100});
  scene.spec.prices = {.instance_hour = 6, .shadow_hour = 3, .violation_per_minute = 2};
  Play play = PlayOf({{2, 2, 0}, {2, 4, 1}, {4, 4, 0.5}, {4, 4, 0}});
  play.shadow_seconds = 1800;
  play.trials = 3;
  const Scorecard card = Score(scene, play, std::vector<int>{2, 2, 2, 2});
  CHECK(card.policy == "p");
  CHECK(card.hours == Approx(4 / 60.0));
  CHECK(card.slo_violation_minutes == Approx(1.5));
  CHECK(card.instance_hours == Approx((2 + 4 + 4 + 4) / 60.0));
  CHECK(card.shadow_instance_hours == Approx(0.5));
  CHECK(card.over_share == Approx((0.2 + 0.2 + 0.01 + 0.01) / 4));
  CHECK(card.cost == Approx(6 * 14 / 60.0 + 3 * 0.5 + 2 * 1.5));
  CHECK(card.trials == 3);
}

TEST_CASE("elasticity is shortfall and excess against what was needed") {
  const Scene scene = SceneOf({100});
  const Scorecard card = Score(scene, PlayOf({{2, 2}, {2, 2}, {5, 5}, {5, 5}}), std::vector<int>{2, 4, 4, 4});
  CHECK(card.theta_under == Approx(100 * 0.5 / 4));
  CHECK(card.theta_over == Approx(100 * (0.25 + 0.25) / 4));
  CHECK(card.tau_under == Approx(25));
  CHECK(card.tau_over == Approx(50));
}

TEST_CASE("instability is the time in which supply moves against demand") {
  const Scene scene = SceneOf({100});
  std::vector<Minute> minutes(20, {4, 4});
  std::vector<int> needed(20, 4);
  for (size_t i = 10; i < 20; ++i) {
    minutes[i] = {6, 6};  // up ...
    needed[i] = 3;        // ... when less is needed
  }
  CHECK(Score(scene, PlayOf(minutes), needed).instability == Approx(25));  // the five minutes from 10 on
  needed[10] = 7;
  CHECK(Score(scene, PlayOf(minutes), needed).instability == Approx(20));
}

TEST_CASE("a scale-out is false when what was wanted before would have held") {
  Scene scene = SceneOf({100});
  scene.spec.forecast.hold = 3min;
  const Play play = PlayOf({{2, 2}, {2, 3}, {3, 3}, {3, 2}, {2, 2}, {2, 4}, {4, 4}});
  std::vector<int> needed(7, 2);
  Scorecard card = Score(scene, play, needed);
  CHECK(card.scale_actions == 3);
  CHECK(card.scale_outs == 2);
  CHECK(card.false_scale_outs == 2);
  needed[4] = 3;  // the last minute of the first one's hold
  CHECK(Score(scene, play, needed).false_scale_outs == 1);
  needed[4] = 2;
  needed[6] = 3;
  CHECK(Score(scene, play, needed).false_scale_outs == 1);
}

TEST_CASE("a summary is the mean over seeds and where it lies with ninety per cent") {
  const Spread spread = SpreadOf(std::vector<double>{1, 2, 3, 4, 5});
  CHECK(spread.mean == Approx(3));
  CHECK(spread.high - spread.mean == Approx(2.132 * std::sqrt(2.5 / 5)).epsilon(1e-4));
  CHECK(spread.mean - spread.low == Approx(spread.high - spread.mean));
  const Spread one = SpreadOf(std::vector<double>{7});
  CHECK(one.low == 7);
  CHECK(one.high == 7);
  CHECK(SpreadOf(std::vector<double>(100, 2.0)).low == Approx(2));

  std::vector<Scorecard> cards(2);
  cards[0].policy = cards[1].policy = std::string("p");
  cards[0].cost = 1;
  cards[1].cost = 3;
  cards[1].trials = 4;
  const Summary summary = Summarise(cards);
  CHECK(summary.policy == "p");
  CHECK(summary.seeds == 2);
  CHECK(summary.cost.mean == 2);
  CHECK(summary.trials.mean == 2);
  CHECK(summary.instance_hours.mean == 0);
}

}  // namespace
}  // namespace shadowd::sim
