#include "rpc/status_convert.h"

#include <grpcpp/support/status.h>

#include "require_ok.h"
#include "shadowd/v1/common.pb.h"

namespace shadowd::rpc {
namespace {

TEST_CASE("Code, message, reason and field cross the wire") {
  const Status error =
      WithField(WithReason(FailedPrecondition("port {} is taken", 80), "PORT_TAKEN"), "instance.port_first");
  const Status back = FromGrpc(ToGrpc(error));
  REQUIRE(back.code() == absl::StatusCode::kFailedPrecondition);
  REQUIRE(MessageOf(back) == "port 80 is taken");
  REQUIRE(ReasonOf(back) == "PORT_TAKEN");
  REQUIRE(FieldOf(back) == "instance.port_first");
}

TEST_CASE("An error without a reason has the one of its code") {
  REQUIRE(ReasonOf(FromGrpc(ToGrpc(NotFound("no such thing")))) == "NOT_FOUND");
  REQUIRE(ReasonOf(FromGrpc(ToGrpc(OutOfRange("compacted")))) == "OUT_OF_RANGE");
  REQUIRE(StableReason(absl::OkStatus()).empty());
}

TEST_CASE("All codes keep their number") {
  for (int code = 1; code <= 16; ++code) {
    const Status error = MakeStatus(static_cast<absl::StatusCode>(code), "x");
    REQUIRE(static_cast<int>(ToGrpc(error).error_code()) == code);
    REQUIRE(FromGrpc(ToGrpc(error)).code() == error.code());
  }
  REQUIRE(ToGrpc(absl::OkStatus()).ok());
  REQUIRE_OK(FromGrpc(grpc::Status::OK));
}

TEST_CASE("Missing, damaged and foreign details leave code and message") {
  v1::ErrorInfo foreign;
  foreign.set_reason("QUOTA");
  foreign.set_domain("example.org");
  v1::StatusDetails details;
  details.add_details()->set_type_url("type.googleapis.com/google.rpc.ErrorInfo");
  details.mutable_details(0)->set_value(foreign.SerializeAsString());
  for (const std::string& bytes : {std::string(), std::string("\xff\xff\xff"), details.SerializeAsString()}) {
    const Status status = FromGrpc(grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone", bytes));
    REQUIRE(status.code() == absl::StatusCode::kUnavailable);
    REQUIRE(MessageOf(status) == "gone");
    REQUIRE(ReasonOf(status).empty());
  }
}

TEST_CASE("A huge or binary message is cut and stays readable") {
  const grpc::Status status = ToGrpc(Internal("{}\xff", std::string(100'000, 'x')));
  REQUIRE(status.error_message().size() <= 2048);
  const grpc::Status binary = ToGrpc(WithReason(Internal("a\xff"), "R"));
  REQUIRE(binary.error_message() == "a?");
  REQUIRE(ReasonOf(FromGrpc(binary)) == "R");
}

}  // namespace
}  // namespace shadowd::rpc
