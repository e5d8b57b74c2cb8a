// Proposals that are repeated: to the same daemon, and to one that started anew.
#include "rig.h"
#include "rpc/status_convert.h"
#include "shadowd/v1/services.grpc.pb.h"

namespace shadowd {
namespace {

StatusOr<v1::Decision> Propose(Rig& rig, const std::string& request_id, int replicas) {
  const auto channel =
      grpc::CreateChannel("unix://" + rig.options.socket.path, grpc::InsecureChannelCredentials());
  v1::Services::Stub stub(channel);
  v1::ProposeScalingRequest request;
  request.set_name("services/web");
  request.set_replicas(replicas);
  request.set_request_id(request_id);
  v1::Decision decision;
  grpc::ClientContext context;
  const grpc::Status status = stub.ProposeScaling(&context, request, &decision);
  if (!status.ok()) {
    return rpc::FromGrpc(status);
  }
  return decision;
}

}  // namespace

TEST_CASE("A proposal that is repeated after a restart is the decision that it led to") {
  Rig rig;
  rig.Apply("web");
  const auto first = Propose(rig, "scaler-7", 7);
  REQUIRE_OK(first);
  rig.server.reset();
  rig.Start();  // knows the decisions, and no call of before
  const auto again = Propose(rig, "scaler-7", 7);
  REQUIRE_OK(again);
  CHECK(again->name() == first->name());
  const auto other = Propose(rig, "scaler-8", 7);
  REQUIRE_OK(other);
  CHECK(other->name() != first->name());
  const auto anonymous = Propose(rig, "", 7);
  REQUIRE_OK(anonymous);
  CHECK(anonymous->name() != first->name());
}

TEST_CASE("A request id stands for one proposal, also after a restart") {
  Rig rig;
  rig.Apply("web");
  REQUIRE_OK(Propose(rig, "scaler-7", 7));
  CHECK(ReasonOf(Propose(rig, "scaler-7", 6).status()) == "REQUEST_ID_REUSED");
  rig.server.reset();
  rig.Start();
  const Status reused = Propose(rig, "scaler-7", 6).status();
  CHECK(ReasonOf(reused) == "REQUEST_ID_REUSED");
  CHECK(FieldOf(reused) == "request_id");
}

}  // namespace shadowd
