#include "daemon/rpc/unary_call.h"

#include "rpc/status_convert.h"

namespace shadowd::daemon {

UnaryCall::UnaryCall(Edge& edge, grpc::CallbackServerContext* context, const char* method)
    : edge_(edge),
      context_(context),
      method_(method),
      begin_(std::chrono::steady_clock::now()),
      actor_(edge.peers.ActorOf(*context)) {}

void UnaryCall::Begin(Micros extra) {
  self_ = shared_from_this();
  const auto latest = std::chrono::system_clock::now() + edge_.limits.unary_deadline_max + extra;
  if (context_->deadline() > latest) {
    alarm_.Set(latest, [self = self_](bool fired) {
      if (fired) {
        self->Abandon(WithReason(DeadlineExceeded("the daemon did not answer within its own limit"),
                                 "SERVER_DEADLINE"));
      }
    });
  }
}

void UnaryCall::Abandon(const Status& status) {
  if (Claim()) {
    End(status);
  }
}

void UnaryCall::End(const Status& status) {
  if (edge_.hooks.on_call) {
    edge_.hooks.on_call(method_, absl::StatusCodeToString(status.code()),
                        std::chrono::duration_cast<Micros>(std::chrono::steady_clock::now() - begin_));
  }
  Finish(rpc::ToGrpc(status));
}

// The client is gone or its deadline has passed; what was begun goes on.
void UnaryCall::OnCancel() {
  Abandon(absl::CancelledError("the call was cancelled or its deadline passed"));
}

void UnaryCall::OnDone() {
  alarm_.Cancel();
  self_.reset();
}

}  // namespace shadowd::daemon
