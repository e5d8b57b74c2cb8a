#include "daemon/rpc/decisions_service.h"

#include "daemon/rpc/command.h"
#include "daemon/rpc/decision_wait.h"
#include "daemon/rpc/read_calls.h"
#include "daemon/rpc/watch_call.h"
#include "rpc/convert_decision.h"
#include "rpc/resource_name.h"

namespace shadowd::daemon {
namespace {

// Posts a person's verdict (ApproveDecision or RejectDecision) on the decision named.
template <typename Command, typename Call, typename Request>
void PostVerdict(Call call, const Request& request) {
  const auto ref = rpc::ParseDecisionName(request.name());
  if (!ref.ok()) {
    return call->Answer(ref.status());
  }
  PostThen<model::Decision>(
      call, ref->service, Command{ref->decision},
      [](const auto& done, const model::Decision& decision) { done->Answer(rpc::ToProto(decision)); });
}

}  // namespace

grpc::ServerUnaryReactor* DecisionsService::GetDecision(grpc::CallbackServerContext* context,
                                                        const v1::GetDecisionRequest* request,
                                                        v1::Decision* response) {
  const auto get = [](auto call, auto checked) {
    const auto ref = rpc::ParseDecisionName(checked->name());
    const auto wait = WaitOf(checked->has_wait_timeout(), checked->wait_timeout());
    if (!ref.ok() || !wait.ok()) {
      return call->Answer(!ref.ok() ? ref.status() : wait.status());
    }
    if (*wait > Micros(0)) {
      return WaitForDecision(call, checked->name(), *wait, std::nullopt);
    }
    call->edge().dispatcher.Read([call, checked](Catalogue& catalogue) {
      call->Answer(Find<v1::Decision>(catalogue, Noun::kDecision, checked->name()));
    });
  };
  return Serve(edge_, context, "Decisions.GetDecision", request, response, get,
               request->has_wait_timeout() ? kWaitMax : Micros(0));
}

grpc::ServerUnaryReactor* DecisionsService::ListDecisions(grpc::CallbackServerContext* context,
                                                          const v1::ListDecisionsRequest* request,
                                                          v1::ListDecisionsResponse* response) {
  return ServeList<v1::Decision>(edge_, context, "Decisions.ListDecisions", Noun::kDecision, request,
                                 response, rpc::ParseServiceParent,
                                 &v1::ListDecisionsResponse::add_decisions);
}

grpc::ServerWriteReactor<v1::WatchDecisionsResponse>* DecisionsService::WatchDecisions(
    grpc::CallbackServerContext*, const v1::WatchDecisionsRequest* request) {
  return ServeWatch(edge_, "Decisions.WatchDecisions", Noun::kDecision, request, request->parent(),
                    rpc::ParseServiceParent(request->parent()).status(),
                    &v1::WatchDecisionsResponse::mutable_decision);
}

grpc::ServerUnaryReactor* DecisionsService::ApproveDecision(grpc::CallbackServerContext* context,
                                                            const v1::ApproveDecisionRequest* request,
                                                            v1::Decision* response) {
  return Serve(edge_, context, "Decisions.ApproveDecision", request, response,
               [](auto call, auto checked) { PostVerdict<ports::ApproveDecision>(call, *checked); });
}

grpc::ServerUnaryReactor* DecisionsService::RejectDecision(grpc::CallbackServerContext* context,
                                                           const v1::RejectDecisionRequest* request,
                                                           v1::Decision* response) {
  return Serve(edge_, context, "Decisions.RejectDecision", request, response,
               [](auto call, auto checked) { PostVerdict<ports::RejectDecision>(call, *checked); });
}

}  // namespace shadowd::daemon
