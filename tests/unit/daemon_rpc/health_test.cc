// grpc.health.v1 and reflection, as a load balancer and grpcurl use them.
#include "raw_call.h"
#include "rig.h"

namespace shadowd {
namespace {

const std::string kServing = "\x08\x01";
const std::string kNotServing = "\x08\x02";

RawAnswer Health(const Rig& rig, const std::string& service) {
  return RawCall(rig.channel, "/grpc.health.v1.Health/Check", service.empty() ? "" : RawString(1, service));
}

RawAnswer Reflect(const Rig& rig, const std::string& request) {
  return RawCall(rig.channel, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", request);
}

const std::vector<std::string> kServices = {"Services",  "Telemetry", "Forecasts", "Trials", "Shadows",
                                            "Decisions", "Models",    "Costs",     "Daemon"};

}  // namespace

TEST_CASE("Health tells of the whole and of every service, and follows the daemon's state") {
  Rig rig;
  CHECK(Health(rig, "").bytes == kServing);
  for (const std::string& service : kServices) {
    INFO(service);
    CHECK(Health(rig, "shadowd.v1." + service).bytes == kServing);
  }
  CHECK(Health(rig, "shadowd.v1.Nobody").status.error_code() == grpc::NOT_FOUND);
  rig.server->SetServing(false);
  CHECK(Health(rig, "").bytes == kNotServing);
  for (const std::string& service : kServices) {
    INFO(service);
    CHECK(Health(rig, "shadowd.v1." + service).bytes == kNotServing);
  }
}

TEST_CASE("Reflection lists every service and hands out its description") {
  Rig rig;
  const RawAnswer list = Reflect(rig, RawString(7, "*"));
  REQUIRE(list.status.ok());
  for (const std::string& service : kServices) {
    CHECK_THAT(list.bytes, Catch::Contains("shadowd.v1." + service));
  }
  CHECK_THAT(list.bytes, Catch::Contains("grpc.health.v1.Health"));
  const RawAnswer file = Reflect(rig, RawString(4, "shadowd.v1.Services"));
  REQUIRE(file.status.ok());
  CHECK_THAT(file.bytes, Catch::Contains("ProposeScaling"));
}

}  // namespace shadowd
