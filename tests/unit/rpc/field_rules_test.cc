#include "rpc/field_rules.h"

#include <google/protobuf/field_mask.pb.h>

#include "require_ok.h"
#include "shadowd/v1/daemon.pb.h"
#include "shadowd/v1/services.pb.h"
#include "shadowd/v1/telemetry.pb.h"

namespace shadowd::rpc {
namespace {

v1::Service Stored() {
  v1::Service service;
  service.set_name("services/web");
  service.set_version("1");
  service.mutable_bounds()->set_min(2);
  service.mutable_bounds()->set_max(5);
  service.mutable_mirror()->add_methods("GET");
  service.mutable_create_time()->set_seconds(7);
  service.set_target(3);
  return service;
}

google::protobuf::FieldMask Mask(const std::vector<std::string>& paths) {
  google::protobuf::FieldMask mask;
  mask.mutable_paths()->Assign(paths.begin(), paths.end());
  return mask;
}

TEST_CASE("A missing required field is refused with its path at any depth") {
  v1::CreateServiceRequest request;
  REQUIRE(FieldOf(PrepareRequest(&request)) == "service_id");
  request.set_service_id("web");
  REQUIRE(FieldOf(PrepareRequest(&request)) == "service");
  request.mutable_service()->mutable_instance()->set_port_first(1);
  REQUIRE(FieldOf(PrepareRequest(&request)) == "service.instance.argv");
  request.mutable_service()->mutable_instance()->add_argv("/bin/x");
  request.mutable_service()->mutable_instance()->set_port_last(9);
  REQUIRE_OK(PrepareRequest(&request));

  v1::ReportSamplesRequest report;
  report.set_parent("services/web");
  report.add_samples()->mutable_demand()->set_rps(1);
  const Status status = PrepareRequest(&report);
  REQUIRE(FieldOf(status) == "samples[0].demand.time");
  REQUIRE(ReasonOf(status) == "REQUIRED_FIELD_MISSING");
}

TEST_CASE("A required switch may be false but not absent") {
  v1::SetFreezeRequest request;
  REQUIRE(FieldOf(PrepareRequest(&request)) == "frozen");
  request.set_frozen(false);
  REQUIRE_OK(PrepareRequest(&request));
}

TEST_CASE("What callers write into output-only fields is cleared") {
  v1::CreateServiceRequest request;
  request.set_service_id("web");
  request.mutable_service()->set_target(99);
  request.mutable_service()->mutable_rollout_instance();
  request.mutable_service()->set_version("2");
  REQUIRE_OK(PrepareRequest(&request));
  REQUIRE(request.service().target() == 0);
  REQUIRE_FALSE(request.service().has_rollout_instance());
  REQUIRE(request.service().version() == "2");
}

TEST_CASE("A partial update needs only the name of its resource") {
  v1::UpdateServiceRequest request;
  request.mutable_service()->mutable_instance()->set_port_first(1);
  REQUIRE(FieldOf(PrepareRequest(&request)) == "service.name");
  request.mutable_service()->set_name("services/web");
  REQUIRE_OK(PrepareRequest(&request));
}

TEST_CASE("A mask changes what it names and nothing else") {
  v1::Service target = Stored();
  v1::Service patch;
  patch.mutable_bounds()->set_max(9);
  patch.mutable_bounds()->set_min(1);
  const auto mask = Mask({"bounds.max", "version"});
  REQUIRE_OK(ApplyUpdate(patch, &mask, &target));
  REQUIRE(target.bounds().max() == 9);
  REQUIRE(target.bounds().min() == 2);
  REQUIRE_FALSE(target.has_version());  // named in the mask and absent in the patch: back to its default
  REQUIRE(target.mirror().methods_size() == 1);
}

TEST_CASE("Without a mask the populated fields are changed, messages merged and lists replaced") {
  v1::Service target = Stored();
  v1::Service patch;
  patch.set_name("services/other");
  patch.mutable_bounds()->set_max(9);
  patch.mutable_mirror()->add_methods("HEAD");
  patch.mutable_lead_time_prior()->set_seconds(4);
  REQUIRE(PopulatedPaths(patch) ==
          std::vector<std::string>{"bounds.max", "mirror.methods", "lead_time_prior"});
  REQUIRE_OK(ApplyUpdate(patch, nullptr, &target));
  REQUIRE(target.name() == "services/web");
  REQUIRE(target.bounds().min() == 2);
  REQUIRE(target.bounds().max() == 9);
  REQUIRE(target.mirror().methods(0) == "HEAD");
  REQUIRE(target.mirror().methods_size() == 1);
  REQUIRE(target.lead_time_prior().seconds() == 4);
}

TEST_CASE("A star replaces the specification and keeps what the daemon owns") {
  v1::Service target = Stored();
  v1::Service patch;
  patch.set_version("2");
  const auto mask = Mask({"*"});
  REQUIRE_OK(ApplyUpdate(patch, &mask, &target));
  REQUIRE(target.name() == "services/web");
  REQUIRE(target.target() == 3);
  REQUIRE(target.create_time().seconds() == 7);
  REQUIRE(target.version() == "2");
  REQUIRE_FALSE(target.has_bounds());
}

TEST_CASE("A bad mask is refused and changes nothing") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"boundz", "UNKNOWN_MASK_PATH"},
      {"bounds.maxx", "UNKNOWN_MASK_PATH"},
      {"", "UNKNOWN_MASK_PATH"},
      {"bounds.", "UNKNOWN_MASK_PATH"},
      {"mirror.methods.x", "UNKNOWN_MASK_PATH"},
      {"instance.environment.PATH", "UNKNOWN_MASK_PATH"},
      {"lead_time_prior.seconds", "UNKNOWN_MASK_PATH"},
      {"name", "IMMUTABLE_FIELD"}};
  for (const auto& [path, reason] : cases) {
    v1::Service target = Stored();
    v1::Service patch;
    patch.set_version("2");
    const auto mask = Mask({"version", path});
    const Status status = ApplyUpdate(patch, &mask, &target);
    INFO(path);
    REQUIRE(ReasonOf(status) == reason);
    REQUIRE(FieldOf(status) == "update_mask");
    REQUIRE(target.SerializeAsString() == Stored().SerializeAsString());
  }
}

TEST_CASE("Output-only paths of a mask are ignored") {
  v1::Service target = Stored();
  v1::Service patch;
  patch.set_target(9);
  const auto mask = Mask({"target", "rollout_instance.argv"});
  REQUIRE_OK(ApplyUpdate(patch, &mask, &target));
  REQUIRE(target.target() == 3);
  REQUIRE_FALSE(target.has_rollout_instance());
}

}  // namespace
}  // namespace shadowd::rpc
