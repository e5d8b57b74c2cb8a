#include "lab/capacity_fit.h"

#include <cmath>

#include "require_ok.h"

namespace shadowd::lab {
namespace {

// An instance that saturates at 200 req/s: p95 = 10 ms + 20 ms * r / (1 - r).
double P95(double load) {
  const double r = load / 200;
  return 10'000 + 20'000 * r / (1 - r);
}

std::string Points(bool with_requests = true) {
  std::string text = with_requests ? "load_rps,cpu_cores,p50_us,p95_us,p99_us,error_rate,requests\n"
                                   : "load_rps,cpu_cores,p50_us,p95_us,p99_us,error_rate\n";
  for (const double load : {20, 40, 60, 80, 100, 120, 140, 150}) {
    text += fmt::format("{},{},{},{},{},0{}\n", load, 0.004 * load, P95(load) / 3, P95(load), P95(load) * 1.5,
                        with_requests ? ",20000" : "");
  }
  return text;
}

}  // namespace

TEST_CASE("the fitted curve gives back the load at which the latency crosses its limit, and the level") {
  const auto points = ParsePoints(Points(), "p.csv");
  REQUIRE_OK(points);
  CHECK(points->size() == 8);
  CapacityQuestion question{.demand_rps = 1000, .loads = {100, 400}};
  question.slo.latency_limit = std::chrono::milliseconds(50);
  const auto answer = FitCapacity(*points, question);
  REQUIRE_OK(answer);
  CHECK(answer->max_load_expected_rps == Approx(400.0 / 3).epsilon(0.03));  // 20 r / (1 - r) = 40
  CHECK(answer->max_load_rps <= answer->max_load_expected_rps);
  CHECK(answer->max_load_rps == Approx(400.0 / 3).epsilon(0.06));
  CHECK(answer->level == static_cast<int>(std::ceil(1000 / answer->max_load_rps)));
  REQUIRE(answer->predictions.size() == 2);
  CHECK(answer->predictions[0].p95_us.expected == Approx(P95(100)).epsilon(0.05));
  CHECK(answer->predictions[0].cpu_us_per_request.expected == Approx(4000).epsilon(0.05));
  CHECK(answer->predictions[1].extrapolated);
}

TEST_CASE("points without their number of requests weigh a minute each") {
  const auto points = ParsePoints(Points(false), "p.csv");
  REQUIRE_OK(points);
  CHECK((*points)[1].requests == Approx(2400));
  CHECK(FitCapacity(*points, {.slo = {}, .demand_rps = 10}).ok());
}

TEST_CASE("an objective that no load meets has no level and says so") {
  CapacityQuestion question{.demand_rps = 1000};
  question.slo.latency_limit = Micros(500);
  const auto answer = FitCapacity(ParsePoints(Points(), "p.csv").value(), question);
  REQUIRE_OK(answer);
  CHECK(answer->max_load_rps == 0);
  CHECK(answer->level == 0);
  CHECK(answer->summary.find("no load is shown to hold p95 <= 500 us") != std::string::npos);
}

TEST_CASE("too few points, and rows that make no sense, are refused") {
  CHECK(absl::IsInvalidArgument(
      FitCapacity(ParsePoints("load_rps,p95_us\n10,100\n", "p.csv").value(), {}).status()));
  const auto fault = [](std::string_view text) { return MessageOf(ParsePoints(text, "p.csv").status()); };
  CHECK(fault("load_rps,cpu_cores\n1,2\n").find("no column 'p95_us'") != std::string::npos);
  CHECK(fault("rps,p95_us\n1,2\n").find("no column 'load_rps'") != std::string::npos);
  CHECK(fault("load_rps,p95_us\n1,fast\n").find("p.csv:2: p95_us: 'fast'") != std::string::npos);
  CHECK(fault("load_rps,p95_us\n-1,2\n").find("p.csv:2: load_rps") != std::string::npos);
  CHECK(fault("load_rps,p95_us,error_rate\n1,2,5\n").find("share between 0 and 1") != std::string::npos);
  CHECK(fault("load_rps,p95_us\n0,2\n").find("no rows with a load") != std::string::npos);
}

}  // namespace shadowd::lab
