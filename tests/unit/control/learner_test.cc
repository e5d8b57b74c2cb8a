#include "control/learner.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace shadowd;
using namespace shadowd::control;

namespace {

const WallTime kNow(std::chrono::hours(1000));
const model::Slo kSlo{};

// An instance that saturates at `xmax`: p95 = 25 ms + 8 ms * r^2 / (1 - r).
model::CapacityPoint Point(double load_rps, double xmax, const std::string& version = "1") {
  const double r = load_rps / xmax;
  model::CapacityPoint point;
  point.at = kNow;
  point.version = version;
  point.load_rps = load_rps;
  point.requests = 2000;
  point.p50_us = 20'000 + 3'000 * r * r / (1 - r);
  point.p95_us = 25'000 + 8'000 * r * r / (1 - r);
  point.p99_us = 30'000 + 15'000 * r * r / (1 - r);
  point.cpu_cores = 0.0004 * load_rps;
  point.memory_bytes = 40e6;
  return point;
}

Learner Taught() {
  Learner learner(model::ServiceId("web"));
  std::vector<model::CapacityPoint> points;
  for (const double load : {40.0, 80.0, 110.0, 130.0, 150.0}) {
    points.push_back(Point(load, 200));
  }
  learner.Retrain(model::RetrainCause::kInitial, {}, "1", points, kSlo, kNow);
  return learner;
}

}  // namespace

TEST_CASE("retraining numbers its versions and the next prediction is closer") {
  Learner learner = Taught();
  CHECK(learner.version_number() == 1);
  // The service became dearer: it now saturates at 140.
  std::vector<model::CapacityPoint> news;
  for (int i = 0; i < 4; ++i) {
    news.push_back(Point(100 + 5 * i, 140, "2"));
  }
  const model::ModelVersion version =
      learner.Retrain(model::RetrainCause::kTrial, model::TrialId("t"), "2", news, kSlo, kNow);
  CHECK(version.number == 2);
  CHECK(version.trial == model::TrialId("t"));
  CHECK(version.error_before > 0.05);
  CHECK(version.error_after < version.error_before / 2);
  const double predicted = learner.CurveOf("2", kNow).Predict(110).p95_us.expected;
  CHECK(predicted == Approx(Point(110, 140).p95_us).epsilon(0.1));
}

TEST_CASE("what was learnt comes back from the newest stored version") {
  Learner learner = Taught();
  learner.RecordStart(9.5);
  const model::ModelVersion stored =
      learner.Retrain(model::RetrainCause::kRequested, {}, "1", {}, kSlo, kNow);
  Learner restored(model::ServiceId("web"));
  restored.Restore({stored});
  CHECK(restored.version_number() == stored.number);
  CHECK(restored.LeadTime(std::chrono::seconds(30)) == FromSeconds(9.5));
  CHECK(restored.CurveOf("1", kNow).MaxLoad(kSlo, 0.5) ==
        Approx(learner.CurveOf("1", kNow).MaxLoad(kSlo, 0.5)));
}

TEST_CASE("the lead time is the 90th percentile of what was measured, or the prior") {
  Learner learner(model::ServiceId("web"));
  CHECK(learner.LeadTime(std::chrono::seconds(30)) == std::chrono::seconds(30));
  for (int i = 1; i <= 10; ++i) {
    learner.RecordStart(i);
  }
  CHECK(learner.LeadTime(std::chrono::seconds(30)) == std::chrono::seconds(9));
  CHECK(learner.TrialTime(std::chrono::seconds(7)) == std::chrono::seconds(7));
}

TEST_CASE("memory is bounded however much is learnt") {
  Learner learner = Taught();
  for (int i = 0; i < 1000; ++i) {
    learner.AddPoint(Point(50 + i % 100, 200));
    learner.RecordStart(1);
  }
  CHECK(learner.points().size() <= 400);
}

TEST_CASE("what was shown at a load that is rare outlives any number of quiet points") {
  Learner learner = Taught();
  for (int i = 0; i < 1000; ++i) {
    learner.AddPoint(Point(50 + i % 3, 200));
  }
  int high = 0;
  for (const model::CapacityPoint& point : learner.points()) {
    high += point.load_rps >= 110 ? 1 : 0;
  }
  CHECK(learner.points().size() <= 400);
  CHECK(high == 3);
}

TEST_CASE("a point of production that is news is in the curve at once, the rest soon") {
  Learner learner = Taught();
  const double before = learner.CurveOf("1", kNow).Predict(120).p95_us.expected;
  learner.AddPoint(Point(120, 200));
  CHECK(learner.CurveOf("1", kNow).Predict(120).p95_us.expected == before);
  learner.AddPoint(Point(120, 150));
  const double news = learner.CurveOf("1", kNow).Predict(120).p95_us.expected;
  CHECK(news > before);
  Learner patient = Taught();
  const double width = patient.CurveOf("1", kNow).Predict(120).p95_us.high;
  for (int i = 0; i < 12; ++i) {
    patient.AddPoint(Point(120, 200));
  }
  CHECK(patient.CurveOf("1", kNow).Predict(120).p95_us.high < width);
}

TEST_CASE("tolerances follow what production showed after decisions, and stay within the operator's bounds") {
  Learner learner(model::ServiceId("web"));
  const model::TrialSpec spec{.tolerance = 0.2, .tolerance_min = 0.1, .tolerance_max = 0.4};
  CHECK(learner.Tolerances({}, spec).empty());
  FollowUp::Finding finding;
  finding.outcome = model::DecisionOutcome::kRight;
  finding.errors["latency_p95_us"] = -0.01;
  for (int i = 0; i < 200; ++i) {
    learner.RecordOutcome(finding, spec);
  }
  CHECK(learner.Tolerances({}, spec).at("latency_p95_us") == Approx(0.1));
  finding.errors["latency_p95_us"] = 2;
  for (int i = 0; i < 40; ++i) {
    learner.RecordOutcome(finding, spec);
  }
  CHECK(learner.Tolerances({}, spec).at("latency_p95_us") == Approx(0.4));
  const model::ModelVersion version =
      learner.Retrain(model::RetrainCause::kRequested, {}, "1", {}, kSlo, kNow);
  CHECK(version.learnt.outcomes.right == 240);
  CHECK(version.learnt.trackers.at("latency_p95_us").outcomes == 240);
}

TEST_CASE("a revert knows what the old version knew, goes on numbering and keeps the bills") {
  Learner learner = Taught();
  const model::ModelVersion before =
      learner.Retrain(model::RetrainCause::kRequested, {}, "1", {}, kSlo, kNow);
  const double load = learner.CurveOf("1", kNow).MaxLoad(kSlo, 0.5);
  std::vector<model::CapacityPoint> wrong;
  for (int i = 0; i < 8; ++i) {
    wrong.push_back(Point(60 + 5 * i, 110));
  }
  learner.Retrain(model::RetrainCause::kTrial, model::TrialId("t"), "1", wrong, kSlo, kNow);
  learner.Spend(kNow, 0.25);
  CHECK(learner.CurveOf("1", kNow).MaxLoad(kSlo, 0.5) != Approx(load).epsilon(0.05));
  learner.Revert(before.learnt);
  CHECK(learner.CurveOf("1", kNow).MaxLoad(kSlo, 0.5) == Approx(load));
  CHECK(learner.SpentInADay(kNow + std::chrono::hours(1)) == Approx(0.25));
  CHECK(learner.Retrain(model::RetrainCause::kReverted, {}, "1", {}, kSlo, kNow).number == before.number + 2);
}

TEST_CASE("what shadows cost is forgotten after a day") {
  Learner learner(model::ServiceId("web"));
  learner.Spend(kNow, 1);
  learner.Spend(kNow + std::chrono::hours(20), 2);
  CHECK(learner.SpentInADay(kNow + std::chrono::hours(20)) == Approx(3));
  CHECK(learner.SpentInADay(kNow + std::chrono::hours(25)) == Approx(2));
  learner.Spend(kNow + std::chrono::hours(30), 4);
  CHECK(learner.SpentInADay(kNow + std::chrono::hours(30)) == Approx(6));
}

TEST_CASE("plans that do not stand raise the probability that the next one is wrong") {
  Learner learner(model::ServiceId("web"));
  const double at_first = learner.PlanWrongProbability();
  learner.RecordPlan(false);
  const double after_a_miss = learner.PlanWrongProbability();
  for (int i = 0; i < 20; ++i) {
    learner.RecordPlan(true);
  }
  CHECK(after_a_miss > at_first);
  CHECK(learner.PlanWrongProbability() < at_first);
}
