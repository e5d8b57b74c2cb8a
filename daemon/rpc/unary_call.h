// One unary call, from the request to its one answer. gRPC's threads create it and report its cancellation,
// the loop answers it; the first answer wins and the rest are dropped. It lives until gRPC is done with it
// and nobody holds it any more, so a late answer of the loop finds it alive.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "daemon/rpc/edge.h"
#include "rpc/field_rules.h"
#include "rpc/resource_name.h"

namespace shadowd::daemon {

class UnaryCall : public grpc::ServerUnaryReactor, public std::enable_shared_from_this<UnaryCall> {
 public:
  UnaryCall(Edge& edge, grpc::CallbackServerContext* context, const char* method);

  // Keeps itself until gRPC is done, and ends the call after `extra` beyond the server's own deadline.
  void Begin(Micros extra);
  bool answered() const { return answered_.load(); }
  const std::string& actor() const { return actor_; }
  const char* method() const { return method_; }
  Edge& edge() { return edge_; }
  // Ends the call with an error, if nobody has answered yet, and leaves its repeats alone: for calls that
  // were not begun or that nobody waits for any more. A handler answers.
  void Abandon(const Status& status);

 protected:
  // True for the one who may touch the response and must then call End.
  bool Claim() { return !answered_.exchange(true); }
  void End(const Status& status);

 private:
  void OnCancel() override;
  void OnDone() override;

  Edge& edge_;
  grpc::CallbackServerContext* const context_;
  const char* const method_;
  const std::chrono::steady_clock::time_point begin_;
  const std::string actor_;
  std::atomic<bool> answered_{false};
  grpc::Alarm alarm_;
  std::shared_ptr<UnaryCall> self_;
};

template <typename Response>
class TypedCall : public UnaryCall {
 public:
  TypedCall(Edge& edge, grpc::CallbackServerContext* context, const char* method, Response* response)
      : UnaryCall(edge, context, method), response_(response) {}

  // Answers a call that carries a request id also to its repeats, now and later, even when this client is
  // gone.
  void Answer(const StatusOr<Response>& answer) {
    if (!request_key_.empty()) {
      edge().requests.Complete(request_key_, answer.ok() ? StatusOr<std::string>(answer->SerializeAsString())
                                                         : StatusOr<std::string>(answer.status()));
    }
    if (!Claim()) {
      return;
    }
    if (answer.ok()) {
      *response_ = *answer;
    }
    End(answer.status());
  }

  // False: the call is a repeat (or in conflict) and needs no work.
  template <typename Request>
  bool IsFirst(const Request& request) {
    if constexpr (requires { request.request_id(); }) {
      if (!request.request_id().empty()) {
        return ClaimRequestId(request.request_id(), request.SerializeAsString());
      }
    }
    return true;
  }

 private:
  bool ClaimRequestId(const std::string& id, const std::string& body) {
    if (const Status status = rpc::CheckRequestId(id); !status.ok()) {
      Abandon(status);
      return false;
    }
    const std::string key = std::string(method()) + " " + id;
    auto self = std::static_pointer_cast<TypedCall>(shared_from_this());
    const auto outcome = edge().requests.Begin(
        key, body, [self](const StatusOr<std::string>& answer) { self->AnswerRepeat(answer); });
    if (!outcome.ok()) {
      Abandon(outcome.status());
      return false;
    }
    if (*outcome == RequestCache::Outcome::kRepeated) {
      return false;
    }
    request_key_ = key;
    return true;
  }

  void AnswerRepeat(const StatusOr<std::string>& answer) {
    if (!Claim()) {
      return;
    }
    if (answer.ok() && !response_->ParseFromString(*answer)) {
      End(Internal("a kept answer does not parse"));
      return;
    }
    End(answer.status());
  }

  Response* const response_;
  std::string request_key_;
};

// Checks the request and hands a copy of it to `handler(call, request)`, which must answer exactly once, on
// whatever way. `extra` is how much longer than usual the call may take.
template <typename Request, typename Response, typename Handler>
grpc::ServerUnaryReactor* Serve(Edge& edge, grpc::CallbackServerContext* context, const char* method,
                                const Request* request, Response* response, Handler handler,
                                Micros extra = Micros(0)) {
  auto call = std::make_shared<TypedCall<Response>>(edge, context, method, response);
  call->Begin(extra);
  if (edge.dispatcher.Draining()) {
    call->Abandon(DrainingStatus());
    return call.get();
  }
  auto checked = std::make_shared<Request>(*request);
  if (const Status status = rpc::PrepareRequest(checked.get()); !status.ok()) {
    call->Abandon(status);
    return call.get();
  }
  if (call->IsFirst(*checked)) {
    handler(call, std::shared_ptr<const Request>(std::move(checked)));
  }
  return call.get();
}

}  // namespace shadowd::daemon
