#include "cost/worth.h"

#include <catch2/catch.hpp>

namespace shadowd::cost {
namespace {

WorthInput ScaleOut() {
  WorthInput input;
  input.current = 2;
  input.planned = 4;
  input.hold_seconds = 600;
  input.shadows = 4;
  input.trial_seconds = 20;
  input.probability_too_small = input.probability_too_large = 0.2;
  input.violation_minutes_if_wrong = 5;
  return input;
}

TEST_CASE("Shadow time is paid by the hour") {
  CHECK(ShadowCost(model::Prices{}, 3600) == Approx(0.03));
  CHECK(ShadowCost(model::Prices{}, 0) == 0);
}

TEST_CASE("A trial that may avoid minutes over the SLO is worth its shadows") {
  const Worth worth = AssessTrial(ScaleOut());
  CHECK(worth.worth);
  CHECK(worth.loss_avoided == Approx(0.2 * 5 * 1.00));
  CHECK(worth.price == Approx(4 * 20 * 0.03 / 3600));
  CHECK(worth.reason.find("worth it") != std::string::npos);
}

TEST_CASE("A plan that is almost surely right is not worth a trial, and the reason says so") {
  WorthInput input = ScaleOut();
  input.probability_too_small = input.probability_too_large = 1e-5;
  const Worth worth = AssessTrial(input);
  CHECK_FALSE(worth.worth);
  CHECK(worth.reason.find("not worth it") != std::string::npos);
}

TEST_CASE("A scale-in that waits for its trial pays for the replicas it would have freed") {
  WorthInput input = ScaleOut();
  const double out = AssessTrial(input).price;
  input.current = 4;
  input.planned = 3;
  CHECK(AssessTrial(input).price == Approx(out + 20 * 0.10 / 3600));
}

TEST_CASE("Replicas that would idle over the hold count as loss") {
  WorthInput input = ScaleOut();
  input.violation_minutes_if_wrong = 0;
  input.excess_instances_if_wrong = 2;
  CHECK(AssessTrial(input).loss_avoided == Approx(0.2 * 2 * 600 * 0.10 / 3600));
}

TEST_CASE("A probability outside zero to one is clamped") {
  WorthInput input = ScaleOut();
  input.probability_too_small = 7;
  input.probability_too_large = 0;
  CHECK(AssessTrial(input).loss_avoided == Approx(5.0));
}

}  // namespace
}  // namespace shadowd::cost
