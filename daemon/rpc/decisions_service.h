// The Decisions service of the API: reading, waiting for a verdict, and a person's yes or no in ADVISE.
#pragma once

#include "daemon/rpc/edge.h"
#include "shadowd/v1/decisions.grpc.pb.h"

namespace shadowd::daemon {

class DecisionsService final : public v1::Decisions::CallbackService {
 public:
  explicit DecisionsService(Edge& edge) : edge_(edge) {}
  grpc::ServerUnaryReactor* GetDecision(grpc::CallbackServerContext*, const v1::GetDecisionRequest*,
                                        v1::Decision*) override;
  grpc::ServerUnaryReactor* ListDecisions(grpc::CallbackServerContext*, const v1::ListDecisionsRequest*,
                                          v1::ListDecisionsResponse*) override;
  grpc::ServerWriteReactor<v1::WatchDecisionsResponse>* WatchDecisions(
      grpc::CallbackServerContext*, const v1::WatchDecisionsRequest*) override;
  grpc::ServerUnaryReactor* ApproveDecision(grpc::CallbackServerContext*, const v1::ApproveDecisionRequest*,
                                            v1::Decision*) override;
  grpc::ServerUnaryReactor* RejectDecision(grpc::CallbackServerContext*, const v1::RejectDecisionRequest*,
                                           v1::Decision*) override;

 private:
  Edge& edge_;
};

}  // namespace shadowd::daemon
