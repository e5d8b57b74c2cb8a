#include "load/run_counts.h"

#include <catch2/catch.hpp>

namespace shadowd::load {
namespace {

RunCounts Some(int64_t latency, int64_t lag) {
  RunCounts counts;
  counts.planned = counts.sent = counts.completed = 1;
  counts.statuses[2] = 1;
  counts.latency.Record(latency);
  counts.send_lag.Record(lag);
  counts.routes.push_back({.name = "GET /", .completed = 1, .latency = {}});
  return counts;
}

}  // namespace

TEST_CASE("counts of workers add up") {
  RunCounts sum = Some(1000, 10);
  RunCounts other = Some(3000, 10);
  other.unanswered["timeout"] = 2;
  other.wrong_answers["status_5xx"] = 1;
  sum.Add(other);
  CHECK(sum.planned == 2);
  CHECK(sum.completed == 2);
  CHECK(sum.Errors() == 3);
  CHECK(sum.latency.Count() == 2);
  CHECK(sum.routes[0].completed == 2);
}

TEST_CASE("a sender that is late by more than 5 % of the usual latency has measured itself") {
  CHECK(WhyInvalid(Some(1000, 40)).empty());
  CHECK(WhyInvalid(Some(1000, 60)).find("the sender itself was late: by 60 us") == 0);
  CHECK(WhyInvalid(Some(40, 4)).empty());  // below what any clock here tells apart
  CHECK(WhyInvalid({}) == "nothing was planned: the rate was 0");
  RunCounts silent;
  silent.planned = silent.sent = 1;
  CHECK(WhyInvalid(silent) == "no request was answered");
}

}  // namespace shadowd::load
