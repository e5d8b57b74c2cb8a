#include "config/yaml_proto.h"

#include <google/protobuf/util/message_differencer.h>

#include "config/yaml_tree.h"
#include "require_ok.h"
#include "shadowd/v1/services.pb.h"

namespace shadowd::config {
namespace {

StatusOr<v1::Service> Read(const std::string& text) {
  SHADOWD_ASSIGN_OR_RETURN(const auto documents, ParseYaml(text, "f.yaml"));
  v1::Service service;
  FieldLines lines("f.yaml");
  SHADOWD_RETURN_IF_ERROR(YamlToProto(*documents.at(0), &service, &lines));
  return service;
}

TEST_CASE("Keys are fields and presence is kept") {
  const auto service = Read(
      "name: web\nmode: act\nbounds: {min: 2}\nslo: {latency_limit: 250ms, error_rate_max: 0}\n"
      "shadows: {shadow_class: {memory_max_bytes: 64MiB, cpu_set: [0, 2]}, null_arm: false}\n"
      "instance: {argv: [/bin/x, 1.10], environment: {A: \"1\", B: two}}\n");
  REQUIRE_OK(service);
  REQUIRE(service->mode() == v1::Service::ACT);
  REQUIRE(service->bounds().min() == 2);
  REQUIRE_FALSE(service->bounds().has_max());
  REQUIRE(service->slo().latency_limit().nanos() == 250'000'000);
  REQUIRE(service->slo().has_error_rate_max());
  REQUIRE(service->shadows().shadow_class().memory_max_bytes() == uint64_t{64} << 20);
  REQUIRE(service->shadows().shadow_class().cpu_set(1) == 2);
  REQUIRE((service->shadows().has_null_arm() && !service->shadows().null_arm()));
  REQUIRE(service->instance().argv(1) == "1.10");
  REQUIRE(service->instance().environment().at("B") == "two");
}

TEST_CASE("What is wrong is said with file, line and what would be right") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"name: web\nbounds:\n  maxx: 3\n",
       "f.yaml:3: unknown key 'maxx' in bounds; known keys: min, max, step_out_max, step_in_max, "
       "cool_down_out, "
       "cool_down_in"},
      {"mode: fast\n", "f.yaml:1: mode: expected one of OBSERVE, ADVISE, ACT, not 'fast'"},
      {"mode: mode_unspecified\n",
       "f.yaml:1: mode: expected one of OBSERVE, ADVISE, ACT, not 'mode_unspecified'"},
      {"bounds: 3\n", "f.yaml:1: bounds: expected a mapping, not a single value"},
      {"bounds: [1]\n", "f.yaml:1: bounds: expected a mapping, not a list"},
      {"bounds: {max: [1]}\n", "f.yaml:1: bounds.max: expected a single value, not a list"},
      {"bounds: {max: many}\n", "f.yaml:1: bounds.max: expected a whole number, not 'many'"},
      {"bounds: {max: 3000000000}\n", "f.yaml:1: bounds.max: 3000000000 is too large"},
      {"bounds: {max: \"3\"}\n", "f.yaml:1: bounds.max: a quoted text where a number or switch is expected"},
      {"bounds:\n  cool_down_in: 30\n",
       "f.yaml:2: bounds.cool_down_in: expected a time like 250ms, 10s, 5m or 1h30m, not '30'"},
      {"slo: {error_rate_max: .nan}\n", "f.yaml:1: slo.error_rate_max: expected a number, not '.nan'"},
      {"instance: {argv: /bin/x}\n", "f.yaml:1: instance.argv: expected a list, not a single value"},
      {"instance: {argv: [[x]]}\n", "f.yaml:1: instance.argv[0]: expected a single value, not a list"},
      {"instance: {environment: {A: [1]}}\n",
       "f.yaml:1: instance.environment[A]: expected a single value, not a list"},
      {"shadows: {null_arm: yes}\n", "f.yaml:1: shadows.null_arm: expected true or false, not 'yes'"},
      {"triggers: {emergency_requests: -1}\n", "f.yaml:1: triggers.emergency_requests: -1 is negative"},
      {"bounds:\n", "f.yaml:1: bounds has no value"},
      {"target: 4\n", "f.yaml:1: 'target' is set by the daemon and cannot be given"},
      {"[a, b]\n", "f.yaml:1: the document: expected a mapping, not a list"}};
  for (const auto& [text, message] : cases) {
    const Status status = Read(text).status();
    REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
    REQUIRE(MessageOf(status) == message);
  }
}

TEST_CASE("What was written as YAML is read back") {
  v1::Service service;
  service.set_name("services/web");
  service.set_mode(v1::Service::ADVISE);
  service.set_version("1.10");
  service.mutable_lead_time_prior()->set_seconds(95);
  service.mutable_bounds()->set_max(7);
  service.mutable_slo()->set_error_rate_max(0.1);
  auto* instance = service.mutable_instance();
  for (const char* argument : {"/bin/x", "", "{port}", "true", "null", "~", "3", "a: b", "- x", "#c",
                               "two\nlines", "\"q\"", "\xc3\xbc"}) {
    instance->add_argv(argument);
  }
  (*instance->mutable_environment())["NO"] = "no";
  (*instance->mutable_environment())["A"] = "";
  const auto back = Read(ToYaml(service));
  INFO(ToYaml(service));
  REQUIRE_OK(back);
  REQUIRE(google::protobuf::util::MessageDifferencer::Equals(*back, service));
}

TEST_CASE("Timestamps and enumerators are written for people") {
  v1::Instance instance;
  instance.set_name("services/web/instances/web-i1");
  instance.set_state(v1::Replica::SERVING);
  instance.mutable_create_time()->set_seconds(1'700'000'000);
  REQUIRE(ToYaml(instance) ==
          "name: services/web/instances/web-i1\nstate: SERVING\ncreate_time: 2023-11-14T22:13:20Z\n");
}

}  // namespace
}  // namespace shadowd::config
