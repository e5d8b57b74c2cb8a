#include "rpc/resource_name.h"

#include "require_ok.h"

namespace shadowd::rpc {
namespace {

const model::ServiceId kWeb("web");

TEST_CASE("Names parse back to the ids they were made of") {
  REQUIRE(*ParseServiceName(ServiceName(kWeb)) == kWeb);
  REQUIRE(*ParseForecastName(ForecastName(kWeb)) == kWeb);
  REQUIRE(ParseInstanceName(InstanceName(kWeb, model::ReplicaId("web-i7")))->instance.str() == "web-i7");
  REQUIRE(ParseTrialName(TrialName(kWeb, model::TrialId("web-t12")))->trial.str() == "web-t12");
  const auto shadow =
      ParseShadowName(ShadowName(kWeb, model::TrialId("web-t12"), model::ReplicaId("web-t12-a0-s0")));
  REQUIRE_OK(shadow);
  REQUIRE(shadow->service == kWeb);
  REQUIRE(shadow->trial.str() == "web-t12");
  REQUIRE(shadow->shadow.str() == "web-t12-a0-s0");
  REQUIRE(ParseDecisionName(DecisionName(kWeb, model::DecisionId("web-d9")))->decision.str() == "web-d9");
  REQUIRE(ParseCostName(CostName(kWeb, model::DecisionId("web-d9")))->decision.str() == "web-d9");
  REQUIRE(ParseModelName(ModelName(kWeb, 3))->number == 3);
}

TEST_CASE("A name of another form or with a bad id is refused") {
  for (const char* bad :
       {"", "web", "services", "services/", "services//", "services/web/", "services/web/x", "/services/web",
        "Services/web", "services/Web", "services/-", "services/-web", "services/web-", "services/7web",
        "services/w b", "services/../etc", "services/w\xc3\xa9"}) {
    const Status status = ParseServiceName(bad).status();
    INFO(bad);
    REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
    REQUIRE(ReasonOf(status) == "INVALID_NAME");
    REQUIRE(FieldOf(status) == "name");
  }
  REQUIRE_OK(ParseServiceName("services/" + std::string(63, 'a')));
  REQUIRE_FALSE(ParseServiceName("services/" + std::string(64, 'a')).ok());
  REQUIRE_FALSE(ParseServiceName("services/" + std::string(100'000, 'a')).ok());
}

TEST_CASE("A model version has one spelling") {
  for (const char* bad :
       {"services/web/models/007", "services/web/models/x", "services/web/models/99999999999",
        "services/web/models/3a", "services/web/models/"}) {
    REQUIRE(ReasonOf(ParseModelName(bad).status()) == "INVALID_NAME");
  }
}

TEST_CASE("A dash as parent means all") {
  REQUIRE(ParseServiceParent("services/-")->empty());
  REQUIRE(*ParseServiceParent("services/web") == kWeb);
  const auto all = ParseTrialParent("services/-/trials/-");
  REQUIRE_OK(all);
  REQUIRE((all->service.empty() && all->trial.empty()));
  REQUIRE(ParseTrialParent("services/web/trials/-")->service == kWeb);
  for (const char* bad : {"", "-", "services", "services/web/trials/", "services/WEB"}) {
    REQUIRE(FieldOf(ParseServiceParent(bad).status()) == "parent");
  }
}

TEST_CASE("Request ids are short and printable") {
  REQUIRE_OK(CheckRequestId(""));
  REQUIRE_OK(CheckRequestId("6b5a8e0e-8d2c-4b0f-9d6e-0d1f3f7e2a11"));
  REQUIRE_OK(CheckRequestId(std::string(64, 'x')));
  for (const std::string& bad :
       {std::string(65, 'x'), std::string("a b"), std::string("a\n"), std::string("\xc3\xa9")}) {
    REQUIRE(FieldOf(CheckRequestId(bad)) == "request_id");
  }
}

}  // namespace
}  // namespace shadowd::rpc
