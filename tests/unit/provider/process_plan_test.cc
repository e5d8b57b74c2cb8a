#include "provider/process_plan.h"

#include <catch2/catch.hpp>

#include "model/template_text.h"
#include "require_ok.h"

namespace shadowd::provider {
namespace {

ReplicaOrder Template(model::Role role) {
  ReplicaOrder order;
  order.key = model::IntentKey("k1");
  order.service = model::ServiceId("web");
  order.replica = model::ReplicaId(role == model::Role::kShadow ? "web-t1-a0-s0" : "web-i1");
  order.role = role;
  order.version = "v2";
  order.instance.argv = {"/bin/web", "--port={port}", "{id}"};
  order.instance.environment = {{"ROLE", "{role}"}, {"BUILD", "{version}"}};
  order.shadow_class.extra_argv = {"--read-only"};
  order.shadow_class.environment = {{"ROLE", "only a {role}"}};
  order.shadow_class.memory_max_bytes = 1000;
  order.shadow_class.cpu_set = {1};
  order.lease = Micros(15);
  order.ttl = Micros(60);
  return order;
}

StatusOr<ProcessPlan> Plan(const ReplicaOrder& order) {
  return PlanProcess(order, 18080);
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
  auto order = Template(model::Role::kShadow);
  order.shadow_class.cpu_idle = false;
  CHECK(Plan(order)->cgroup == "shadows_full/web-t1-a0-s0");
}

TEST_CASE("An IPv6 address is written so that its port can be told") {
  auto order = Template(model::Role::kInstance);
  order.instance.address = "::1";
  CHECK(Plan(order)->record.address == "[::1]:18080");
}

TEST_CASE("Every placeholder that validation lets through has a value") {
  for (const std::string_view word : model::kPlaceholders) {
    auto order = Template(model::Role::kInstance);
    order.instance.argv = {"/bin/web", fmt::format("{{{}}}", word)};
    const auto plan = Plan(order);
    REQUIRE_OK(plan);
    CHECK_FALSE(plan->argv[1].empty());
    CHECK(plan->argv[1] != order.instance.argv[1]);
  }
}

TEST_CASE("Doubled braces are braces") {
  auto order = Template(model::Role::kInstance);
  order.instance.argv = {"/bin/web", "{{\"port\": {port}}}"};
  CHECK(Plan(order)->argv[1] == "{\"port\": 18080}");
}

TEST_CASE("What cannot be run is refused with the name of the field") {
  auto order = Template(model::Role::kShadow);
  std::string field;
  SECTION("no program") {
    order.instance.argv = {};
    field = "instance.argv";
  }
  SECTION("an unknown placeholder in argv") {
    order.instance.argv.emplace_back("{host}");
    field = "instance.argv[3]";
  }
  SECTION("one in the environment") {
    order.instance.environment["MODE"] = "{mode}";
    field = "instance.environment.MODE";
  }
  SECTION("one in the class") {
    order.shadow_class.extra_argv = {"{x}"};
    field = "shadow_class.extra_argv[0]";
  }
  SECTION("one in the directory") {
    order.instance.working_dir = "/srv/{name}";
    field = "instance.working_dir";
  }
  SECTION("a NUL byte") {
    order.instance.argv.emplace_back(std::string("a\0b", 3));
    field = "instance.argv[3]";
  }
  SECTION("a name that is none") {
    order.instance.environment["A=B"] = "1";
    field = "instance.environment";
  }
  SECTION("an id that leaves its directory") {
    order.replica = model::ReplicaId("../web");
    field = "replica";
  }
  const auto plan = Plan(order);
  REQUIRE(absl::IsInvalidArgument(plan.status()));
  CHECK(FieldOf(plan.status()) == field);
}

}  // namespace
}  // namespace shadowd::provider
