#include "model/telemetry.h"

#include <catch2/catch.hpp>
#include <string>

namespace shadowd::model {
namespace {

TEST_CASE("Any source is one, and none is none") {
  TelemetrySpec spec;
  CHECK_FALSE(spec.any());
  spec.access_log.emplace();
  CHECK(spec.any());
  spec = {};
  spec.scrape.emplace();
  CHECK(spec.any());
  spec = {};
  spec.prometheus.emplace();
  CHECK(spec.any());
}

TEST_CASE("Each value has a name of its own") {
  CHECK(std::string(SeriesKpiName(SeriesKpi::kReplicas)) == "REPLICAS");
  CHECK(std::string(SeriesKindName(SeriesKind::kHistogram)) == "HISTOGRAM");
  CHECK(std::string(AccessLogFormatName(AccessLogFormat::kJson)) == "JSON");
}

}  // namespace
}  // namespace shadowd::model
