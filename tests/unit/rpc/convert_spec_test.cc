#include "rpc/convert_spec.h"

#include "require_ok.h"
#include "rpc/convert_service.h"

namespace shadowd::rpc {
namespace {

TEST_CASE("An absent field of a specification has the default of the domain") {
  v1::Service message;
  message.set_name("services/web");
  const auto spec = SpecFromProto(message);
  REQUIRE_OK(spec);
  model::ServiceSpec expected;
  expected.id = model::ServiceId("web");
  REQUIRE(*spec == expected);
}

TEST_CASE("An enumerator of another version is refused and names its field") {
  v1::Service message;
  message.set_name("services/web");
  message.mutable_trial()->set_policy(static_cast<v1::TrialSpec::Policy>(77));
  const Status status = SpecFromProto(message).status();
  REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
  REQUIRE(FieldOf(status) == "trial.policy");
  REQUIRE(ReasonOf(status) == "UNKNOWN_ENUM_VALUE");
}

TEST_CASE("A length that does not fit names its field") {
  v1::Service message;
  message.set_name("services/web");
  message.mutable_instance()->mutable_readiness()->mutable_deadline()->set_seconds(int64_t{1} << 62);
  const Status status = SpecFromProto(message).status();
  REQUIRE(FieldOf(status) == "instance.readiness.deadline");
}

TEST_CASE("A part that is written reads back") {
  model::Bounds bounds;
  bounds.max = 0;  // not the default, and the zero of the wire
  v1::Bounds message;
  WriteSpec(bounds, &message);
  model::Bounds back;
  REQUIRE_OK(ReadSpec(message, back));
  REQUIRE(back == bounds);
}

}  // namespace
}  // namespace shadowd::rpc
