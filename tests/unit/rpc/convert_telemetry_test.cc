#include "rpc/convert_telemetry.h"

#include "require_ok.h"

namespace shadowd::rpc {
namespace {

TEST_CASE("A source that is absent is none, and one that is there has the defaults of the domain") {
  v1::TelemetrySpec message;
  model::TelemetrySpec spec;
  REQUIRE_OK(ReadSpec(message, spec));
  CHECK(spec == model::TelemetrySpec());
  message.mutable_prometheus()->mutable_server()->set_url("http://a");
  REQUIRE_OK(ReadSpec(message, spec));
  model::PrometheusSource expected;
  expected.server.url = "http://a";
  CHECK(spec.prometheus == expected);
}

TEST_CASE("What is malformed names its field") {
  v1::TelemetrySpec message;
  message.mutable_scrape()->add_targets();
  message.mutable_scrape()->add_targets()->mutable_timeout()->set_seconds(int64_t{1} << 62);
  model::TelemetrySpec spec;
  CHECK(FieldOf(ReadSpec(message, spec)) == "scrape.targets[1].timeout");
  google::protobuf::RepeatedPtrField<v1::KpiRule> rules;
  rules.Add()->set_kind(static_cast<v1::KpiRule::Kind>(99));
  CHECK(FieldOf(ReadRules(rules).status()) == "rules[0].kind");
}

TEST_CASE("A rule that is written reads back") {
  const model::KpiRule rule{"m",   {{"a", "*"}}, model::SeriesKpi::kCpu, model::SeriesKind::kGauge,
                            0.001, "{job}"};
  google::protobuf::RepeatedPtrField<v1::KpiRule> rules;
  WriteRule(rule, rules.Add());
  CHECK(ReadRules(rules).value() == std::vector{rule});
}

}  // namespace
}  // namespace shadowd::rpc
