#include "lab/condition.h"

#include "require_ok.h"

namespace shadowd::lab {

TEST_CASE("an objective is a latency condition, with an error rate where one is given") {
  const auto slo = ParseSlo({"p95_us<=50000"});
  REQUIRE_OK(slo);
  CHECK(slo->latency_quantile == 0.95);
  CHECK(slo->latency_limit == std::chrono::milliseconds(50));
  CHECK(slo->error_rate_max == 0.01);
  CHECK(ParseSlo({"p99_us <= 2e5 , error_rate <= 0.001"}).value().error_rate_max == 0.001);
  CHECK(ParseSlo({"error_rate<=0", "p50_us<=10"}).value().latency_quantile == 0.5);
}

TEST_CASE("conditions that mean nothing are refused") {
  for (const char* text : {"", "p95_us", "p95_us<50", "p95_us<=", "p95_us<=fast", "p95_us<=0", "p95_us<=nan",
                           "p96_us<=50", "p95_us<=50,p99_us<=60", "error_rate<=0.1",
                           "p95_us<=50,error_rate<=2", "p95_us<=50,", "p95_us<=1e12"}) {
    CAPTURE(text);
    CHECK(absl::IsInvalidArgument(ParseSlo({text}).status()));
  }
}

TEST_CASE("quantiles have their usual names") {
  CHECK(QuantileName(0.95) == "p95");
  CHECK(QuantileName(0.5) == "p50");
}

}  // namespace shadowd::lab
