#include "control/follow_up.h"

#include <catch2/catch.hpp>

using namespace shadowd;
using namespace shadowd::control;
using model::DecisionKind;
using model::DecisionOutcome;

namespace {

const WallTime kNow(std::chrono::hours(1000));
const MonoTime kUntil(std::chrono::hours(1));
const model::Slo kSlo{};  // p95 within 100 ms

// p95 = 25 ms + 8 ms * r^2 / (1 - r), all of it `dearer` times as much.
model::CapacityPoint Point(double load_rps, double dearer = 1, double xmax = 200) {
  const double r = load_rps / xmax;
  model::CapacityPoint point;
  point.at = kNow;
  point.version = "1";
  point.instances = 4;
  point.load_rps = load_rps;
  point.requests = 2000;
  point.p50_us = dearer * (20'000 + 3'000 * r * r / (1 - r));
  point.p95_us = dearer * (25'000 + 8'000 * r * r / (1 - r));
  point.p99_us = dearer * (30'000 + 15'000 * r * r / (1 - r));
  point.cpu_cores = dearer * 0.0004 * load_rps;
  point.memory_bytes = 40e6;
  return point;
}

capacity::Curve Curve() {
  std::vector<model::CapacityPoint> points;
  for (const double load : {40.0, 80.0, 110.0, 130.0, 150.0}) {
    points.push_back(Point(load));
  }
  return capacity::Curve::Fit(points, "1", kNow);
}

// 600 req/s planned for 4 replicas.
model::Decision Decided(DecisionKind kind, int planned, int to) {
  model::Decision decision;
  decision.id = model::DecisionId("web-d1");
  decision.version = "1";
  decision.kind = kind;
  decision.planned = planned;
  decision.to = to;
  decision.trigger.planned_rps = 600;
  return decision;
}

FollowUp::Finding Followed(DecisionKind kind, int planned, int to,
                           const std::vector<model::CapacityPoint>& seen) {
  FollowUp follow_up(Decided(kind, planned, to), Curve(), kUntil, 0.5);
  for (const model::CapacityPoint& point : seen) {
    follow_up.Add(point);
  }
  return follow_up.Conclude(kSlo, 0.1);
}

const std::vector<model::CapacityPoint> kAsPlanned(5, Point(148));
const std::vector<model::CapacityPoint> kQuiet(5, Point(60));
const std::vector<model::CapacityPoint> kOver(5, Point(148, 4));

}  // namespace

TEST_CASE("a level that holds the load it was confirmed for was right") {
  const auto finding = Followed(DecisionKind::kConfirmed, 4, 4, kAsPlanned);
  CHECK(finding.outcome == DecisionOutcome::kRight);
  CHECK(finding.reason.find("5 of 5") != std::string::npos);
}

TEST_CASE("a level over the SLO was confirmed falsely, at the load it was for or below") {
  CHECK(Followed(DecisionKind::kConfirmed, 4, 4, kOver).outcome == DecisionOutcome::kFalseConfirm);
  const std::vector<model::CapacityPoint> below(5, Point(90, 4));
  CHECK(Followed(DecisionKind::kAdjusted, 3, 4, below).outcome == DecisionOutcome::kFalseConfirm);
}

TEST_CASE("where the load never came, or too little was seen, the outcome stays open and says so") {
  const auto quiet = Followed(DecisionKind::kConfirmed, 4, 4, kQuiet);
  CHECK(quiet.outcome == DecisionOutcome::kOpen);
  CHECK(quiet.reason.find("never came") != std::string::npos);
  const auto two = Followed(DecisionKind::kConfirmed, 4, 4, {Point(148), Point(148)});
  CHECK(two.outcome == DecisionOutcome::kOpen);
  CHECK(two.errors.empty());
}

TEST_CASE("a plan that was refused, and whose load production then held, was refused falsely") {
  // 3 replicas would have had 200 req/s each; production at 4 had that and held.
  const std::vector<model::CapacityPoint> heavier(5, Point(198, 1, 400));
  const auto adjusted = Followed(DecisionKind::kAdjusted, 3, 4, heavier);
  CHECK(adjusted.outcome == DecisionOutcome::kFalseReject);
  CHECK(Followed(DecisionKind::kRejected, 3, 4, heavier).outcome == DecisionOutcome::kFalseReject);
  CHECK(Followed(DecisionKind::kRejected, 3, 4, kAsPlanned).outcome == DecisionOutcome::kOpen);
}

TEST_CASE("errors are those of the curve at the load that came, not of the demand") {
  const auto finding = Followed(DecisionKind::kConfirmed, 4, 4, std::vector(5, Point(100, 1.2)));
  CHECK(finding.errors.at("latency_p95_us") == Approx(0.2).margin(0.03));
  CHECK(finding.errors.at("cpu_us_per_request") == Approx(0.2).margin(0.03));
  CHECK(finding.circumstances.traffic == Approx(400.0 / 600));
  CHECK(finding.circumstances.mirrored == Approx(0.5));
}

TEST_CASE("it is over when its time is, and bounded whatever comes") {
  FollowUp follow_up(Decided(DecisionKind::kConfirmed, 4, 4), Curve(), kUntil, 0);
  CHECK_FALSE(follow_up.Over(kUntil - Micros(1)));
  CHECK(follow_up.Over(kUntil));
  for (int i = 0; i < 5000; ++i) {
    follow_up.Add(Point(148));
  }
  CHECK(follow_up.Conclude(kSlo, 0).reason.find("of 720") != std::string::npos);
}
