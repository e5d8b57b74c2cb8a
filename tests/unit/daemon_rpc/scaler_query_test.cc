// Metadata of triggers: what they ask for, what is refused, and the examples.
#include "daemon/rpc/scaler_query.h"

#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "require_ok.h"

namespace shadowd::daemon {
namespace {

using namespace std::chrono_literals;
using Metadata = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("A trigger that names a service asks for its confirmed replicas") {
  const auto query =
      ParseScalerQuery({{"service", "web"}, {"scalerAddress", "shadowd:7443"}, {"enableTLS", "x"}});
  REQUIRE_OK(query);
  CHECK(*query == ScalerQuery{model::ServiceId("web"), ScalerMetric::kReplicas, true, std::nullopt, 10min});
  CHECK(ScalerMetricName(*query) == "shadowd-web-replicas");
}

TEST_CASE("A trigger may ask for a limit of demand, its horizon and its age") {
  const auto query = ParseScalerQuery({{"serviceFromEnv", "web"},
                                       {"metric", "upper_limit"},
                                       {"answer", "forecast"},
                                       {"horizon", "15m"},
                                       {"max_age", "90s"}});
  REQUIRE_OK(query);
  CHECK(*query == ScalerQuery{model::ServiceId("web"), ScalerMetric::kUpperLimit, false, 15min, 90s});
  CHECK(ScalerMetricName(*query) == "shadowd-web-upper_limit");
  const auto without = ParseScalerQuery({{"service", "web"}, {"metric", "upper_limit"}});
  REQUIRE_OK(without);
  CHECK(ScalerKey(*query) != ScalerKey(*without));
}

TEST_CASE("What a trigger must not say is named") {
  const auto [field, metadata] = GENERATE(table<std::string, Metadata>({
      {"service", {}},
      {"service", {{"service", ""}}},
      {"service", {{"service", "Web/../x"}}},
      {"service", {{"service", "web"}, {"serviceFromEnv", "db"}}},
      {"\"servce\"", {{"service", "web"}, {"servce", "web"}}},
      {"metric", {{"service", "web"}, {"metric", "cpu"}}},
      {"answer", {{"service", "web"}, {"answer", "maybe"}}},
      {"answer", {{"service", "web"}, {"answer", "confirmed"}, {"metric", "expected"}}},
      {"horizon", {{"service", "web"}, {"horizon", "5m"}}},
      {"horizon", {{"service", "web"}, {"metric", "expected"}, {"horizon", "0s"}}},
      {"horizon", {{"service", "web"}, {"metric", "expected"}, {"horizon", "8d"}}},
      {"horizon", {{"service", "web"}, {"metric", "expected"}, {"horizon", "soon"}}},
      {"max_age", {{"service", "web"}, {"max_age", "-5m"}}},
      {"max_age", {{"service", "web"}, {"max_age", "25h"}}},
  }));
  const Status status = ParseScalerQuery(metadata).status();
  INFO(status.ToString());
  CHECK(absl::IsInvalidArgument(status));
  CHECK(FieldOf(status) == "metadata." + field);
  CHECK(ReasonOf(status) == "INVALID_METADATA");
}

TEST_CASE("A long value is cut in the error") {
  const Status status = ParseScalerQuery({{std::string(100'000, 'k'), ""}}).status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK(MessageOf(status).size() < 300);
}

TEST_CASE("Every example of a ScaledObject has triggers that are understood and a fallback") {
  int objects = 0;
  for (const auto& file : std::filesystem::directory_iterator(SHADOWD_CONFIG_DIR "/keda")) {
    INFO(file.path());
    for (const YAML::Node& document : YAML::LoadAllFromFile(file.path().string())) {
      if (document["kind"].as<std::string>() != "ScaledObject") {
        continue;
      }
      ++objects;
      CHECK(document["spec"]["fallback"]["failureThreshold"].as<int>() > 0);
      REQUIRE(document["spec"]["triggers"].size() > 0);
      for (const YAML::Node& trigger : document["spec"]["triggers"]) {
        CHECK(trigger["metricType"].as<std::string>() == "AverageValue");  // else there is no fallback
        REQUIRE_OK(ParseScalerQuery(trigger["metadata"].as<Metadata>()));
      }
    }
  }
  CHECK(objects >= 2);
}

}  // namespace shadowd::daemon
