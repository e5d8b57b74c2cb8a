#include "provider/process_plan.h"

#include <catch2/catch.hpp>

#include "require_ok.h"

namespace shadowd::provider {
namespace {

ports::StartReplica Template(model::Role role) {
  ports::StartReplica start;
  start.key = model::IntentKey("k1");
  start.replica = model::ReplicaId(role == model::Role::kShadow ? "web-t1-a0-s0" : "web-i1");
  start.role = role;
  start.version = "v2";
  start.instance.argv = {"/bin/web", "--port={port}", "{id}"};
  start.instance.environment = {{"ROLE", "{role}"}, {"BUILD", "{version}"}};
  start.shadow_class.extra_argv = {"--read-only"};
  start.shadow_class.environment = {{"ROLE", "only a {role}"}};
  start.shadow_class.memory_max_bytes = 1000;
  start.shadow_class.cpu_set = {1};
  start.lease = Micros(15);
  start.ttl = Micros(60);
  return start;
}

StatusOr<ProcessPlan> Plan(const ports::StartReplica& start) {
  return PlanProcess(model::ServiceId("web"), start, 18080);
}

TEST_CASE("An instance is planned without lease, limits or overrides of the shadow class") {
  const auto plan = Plan(Template(model::Role::kInstance));
  REQUIRE_OK(plan);
  CHECK(plan->argv == std::vector<std::string>{"/bin/web", "--port=18080", "web-i1"});
  CHECK(plan->environment ==
        std::map<std::string, std::string>{{"BUILD", "v2"}, {"PATH", kDefaultPath}, {"ROLE", "instance"}});
  CHECK(plan->cgroup == "instances/web-i1");
  CHECK(plan->record.address == "127.0.0.1:18080");
  CHECK(plan->record.lease.count() == 0);
  CHECK(plan->ttl.count() == 0);
  CHECK(plan->memory_max_bytes == 0);
  CHECK(plan->cpu_set.empty());
  CHECK_FALSE(plan->cpu_idle);
  CHECK_FALSE(plan->die_with_shim);
}

TEST_CASE("A shadow gets its class: overrides, limits, lease, ttl and the idle group") {
  const auto plan = Plan(Template(model::Role::kShadow));
  REQUIRE_OK(plan);
  CHECK(plan->argv.back() == "--read-only");
  CHECK(plan->environment.at("ROLE") == "only a shadow");
  CHECK(plan->cgroup == "shadows/web-t1-a0-s0");
  CHECK(plan->cpu_idle);
  CHECK(plan->record.lease == Micros(15));
  CHECK(plan->ttl == Micros(60));
  CHECK(plan->memory_max_bytes == 1000);
  CHECK(plan->cpu_set == std::vector<int>{1});
  CHECK(plan->die_with_shim);
}

TEST_CASE("A shadow that need not yield is kept out of the idle group") {
  auto start = Template(model::Role::kShadow);
  start.shadow_class.cpu_idle = false;
  CHECK(Plan(start)->cgroup == "shadows_full/web-t1-a0-s0");
}

TEST_CASE("An IPv6 address is written so that its port can be told") {
  auto start = Template(model::Role::kInstance);
  start.instance.address = "::1";
  CHECK(Plan(start)->record.address == "[::1]:18080");
}

TEST_CASE("Doubled braces are braces") {
  auto start = Template(model::Role::kInstance);
  start.instance.argv = {"/bin/web", "{{\"port\": {port}}}"};
  CHECK(Plan(start)->argv[1] == "{\"port\": 18080}");
}

TEST_CASE("What cannot be run is refused with the name of the field") {
  auto start = Template(model::Role::kShadow);
  std::string field;
  SECTION("no program") {
    start.instance.argv = {};
    field = "instance.argv";
  }
  SECTION("an unknown placeholder in argv") {
    start.instance.argv.emplace_back("{host}");
    field = "instance.argv[3]";
  }
  SECTION("one in the environment") {
    start.instance.environment["MODE"] = "{mode}";
    field = "instance.environment.MODE";
  }
  SECTION("one in the class") {
    start.shadow_class.extra_argv = {"{x}"};
    field = "shadow_class.extra_argv[0]";
  }
  SECTION("a lone brace") {
    start.instance.working_dir = "/srv/{id";
    field = "instance.working_dir";
  }
  SECTION("a NUL byte") {
    start.instance.argv.emplace_back(std::string("a\0b", 3));
    field = "instance.argv[3]";
  }
  SECTION("a name that is none") {
    start.instance.environment["A=B"] = "1";
    field = "instance.environment";
  }
  SECTION("an id that leaves its directory") {
    start.replica = model::ReplicaId("../web");
    field = "replica";
  }
  const auto plan = Plan(start);
  REQUIRE(absl::IsInvalidArgument(plan.status()));
  CHECK(FieldOf(plan.status()) == field);
}

}  // namespace
}  // namespace shadowd::provider
