#include "kpi/rule_table.h"

#include <catch2/catch.hpp>

using namespace shadowd;
using kpi::Label;
using kpi::RuleTable;
using model::SeriesKind;
using model::SeriesKpi;

namespace {
const std::vector<Label> kLabels = {{"job", "web"}, {"code", "500"}};

RuleTable Table() {
  return RuleTable({{"requests_total", {{"code", "500"}}, SeriesKpi::kErrors, SeriesKind::kAuto, 1, "{job}"},
                    {"requests_total", {}, SeriesKpi::kRequests, SeriesKind::kAuto, 1, "x-{job}"},
                    {"seconds", {{"job", "*"}}, SeriesKpi::kLatency, SeriesKind::kAuto, 0.001, "web"},
                    {"load_bucket", {}, SeriesKpi::kCpu, SeriesKind::kGauge, 1, "web"}});
}
}  // namespace

TEST_CASE("The first rule that fits decides, and labels fill in the service") {
  const auto errors = Table().Find("requests_total", kLabels, SeriesKind::kAuto);
  REQUIRE(errors);
  CHECK(errors->kpi == SeriesKpi::kErrors);
  CHECK(errors->service == "web");
  CHECK_FALSE(errors->requests_too);  // of another service
  CHECK(errors->kind == SeriesKind::kCounter);
  const std::vector<Label> fine = {{"job", "web"}, {"code", "200"}};
  const auto requests = Table().Find("requests_total", fine, SeriesKind::kGauge);
  REQUIRE(requests);
  CHECK(requests->kpi == SeriesKpi::kRequests);
  CHECK(requests->service == "x-web");
  CHECK(requests->kind == SeriesKind::kGauge);
}

TEST_CASE("Errors are requests too where a later rule counts them so") {
  const RuleTable table({{"n_total", {{"code", "500"}}, SeriesKpi::kErrors, SeriesKind::kAuto, 1, ""},
                         {"n_total", {}, SeriesKpi::kRequests, SeriesKind::kAuto, 1, ""}});
  CHECK(table.Find("n_total", kLabels, SeriesKind::kAuto)->requests_too);
  CHECK(table.Find("n_total", kLabels, SeriesKind::kAuto)->kpi == SeriesKpi::kErrors);
}

TEST_CASE("What no rule is about, or whose service has no name, does not fit") {
  CHECK_FALSE(Table().Find("other", kLabels, SeriesKind::kAuto));
  const std::vector<Label> none;
  CHECK_FALSE(Table().Find("requests_total", none, SeriesKind::kAuto));
  CHECK_FALSE(Table().Find("seconds", none, SeriesKind::kAuto));  // "*" is any value, but one
}

TEST_CASE("Buckets are found by the rule of their histogram, and only where it is about latency") {
  const auto bucket = Table().Find("seconds_bucket", kLabels, SeriesKind::kCounter);
  REQUIRE(bucket);
  CHECK(bucket->kind == SeriesKind::kHistogram);
  CHECK(bucket->scale == 0.001);
  CHECK_FALSE(Table().Find("requests_total_bucket", kLabels, SeriesKind::kAuto));
  CHECK(Table().Find("load_bucket", kLabels, SeriesKind::kAuto)->kind == SeriesKind::kGauge);
}
