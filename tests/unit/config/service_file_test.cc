#include "config/service_file.h"

#include "require_ok.h"
#include "shadowd/v1/services.pb.h"

namespace shadowd::config {
namespace {

std::string ErrorOf(const std::string& text) {
  return MessageOf(ParseServiceSpecs(text, "s.yaml").status());
}

TEST_CASE("A specification gets its defaults and the message only what the file gives") {
  const std::string text = "name: web\nbounds: {max: 4}\n";
  const auto spec = ParseServiceSpec(text, "s.yaml");
  REQUIRE_OK(spec);
  model::ServiceSpec expected;
  expected.id = model::ServiceId("web");
  expected.bounds.max = 4;
  REQUIRE(*spec == expected);
  const auto proto = ParseServiceProto(text, "s.yaml");
  REQUIRE_OK(proto);
  REQUIRE(proto->name() == "services/web");
  REQUIRE(proto->bounds().has_max());
  REQUIRE_FALSE(proto->bounds().has_min());
  REQUIRE_FALSE(proto->has_slo());
}

TEST_CASE("The full name of a service is taken as well") {
  REQUIRE(ParseServiceSpec("name: services/web\n", "s")->id.str() == "web");
}

TEST_CASE("Faults are told with file, line and field") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "s.yaml:1: no service in it"},
      {"mode: act\n", "s.yaml:1: name is required"},
      {"\n\nmode: observe\n", "s.yaml:3: name is required"},
      {"name: web\nbounds:\n  min: 3\n  max: 2\n", "s.yaml:4: bounds.max: 2 is not in 3..10000"},
      {"name: web\n\nslo:\n  latency_quantile: 0.9\n",
       "s.yaml:4: slo.latency_quantile: 0.5, 0.95 or 0.99, not 0.9"},
      {"name: web\ninstance:\n  port_first: 1\n", "s.yaml:2: instance.argv is required"},
      {"name: web\ninstance:\n  argv:\n    - /bin/x\n    - \"{prot}\"\n  port_first: 1\n  port_last: 99\n",
       "s.yaml:5: instance.argv[1]: unknown placeholder {prot}; known: {port}, {id}, {role}, {version}"},
      {"name: web\nmode: act\n", "s.yaml:1: instance: mode ACT needs a template to start instances from"},
      {"name: a\n---\nname: a\n", "s.yaml:3: service 'a' appears twice"}};
  for (const auto& [text, message] : cases) {
    REQUIRE(ErrorOf(text) == message);
  }
  const Status status = ParseServiceSpec("name: Web\n", "s.yaml").status();
  REQUIRE(FieldOf(status) == "name");
  REQUIRE(ReasonOf(status) == "INVALID_NAME");
}

TEST_CASE("One bad document spoils the file") {
  REQUIRE_FALSE(ParseServiceSpecs("name: a\n---\nname: b\nbounds: {min: 0}\n", "s").ok());
  REQUIRE(ParseServiceSpecs("name: a\n---\nname: b\n", "s")->size() == 2);
  REQUIRE(MessageOf(ParseServiceSpec("name: a\n---\nname: b\n", "s").status()) ==
          "s:1: one service expected, 2 found");
}

}  // namespace
}  // namespace shadowd::config
