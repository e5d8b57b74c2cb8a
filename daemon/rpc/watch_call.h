// A Watch method of the API: translates the items of its feed into the noun's response messages.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <memory>

#include "daemon/rpc/watch_feed.h"
#include "rpc/field_rules.h"
#include "rpc/status_convert.h"

namespace shadowd::daemon {

template <typename Response, typename Message>
class WatchCall : public grpc::ServerWriteReactor<Response>, public WatchFeed {
 public:
  using Mutable = Message* (Response::*)();

  WatchCall(Edge& edge, const char* method, Noun noun, const std::string& parent, int64_t resume_revision,
            Mutable field)
      : WatchFeed(edge, noun, parent, resume_revision), edge_(edge), method_(method), field_(field) {}

  // Called once, after construction; `status` refuses the call.
  void Start(const Status& status) {
    self_ = std::static_pointer_cast<WatchCall>(shared_from_this());
    Status admitted = status;
    if (admitted.ok()) {
      admitted = edge_.open_calls.Add(self_);
    }
    if (!admitted.ok()) {
      return EndWith(admitted);
    }
    Begin();
  }

 private:
  void Write(const WatchItem& item) override {
    response_.Clear();
    response_.set_revision(item.revision);
    response_.set_type(item.type);
    if (item.resource != nullptr) {
      *(response_.*field_)() = static_cast<const Message&>(*item.resource);
    }
    this->StartWrite(&response_);
  }
  void FinishStream(const Status& status) override {
    if (edge_.hooks.on_call) {
      edge_.hooks.on_call(method_, absl::StatusCodeToString(status.code()), Micros(0));
    }
    this->Finish(rpc::ToGrpc(status));
  }
  void OnWriteDone(bool ok) override { Written(ok); }
  void OnCancel() override { EndWith(absl::CancelledError("the call was cancelled or its deadline passed")); }
  void OnDone() override {
    Gone();
    self_.reset();
  }

  Edge& edge_;
  const char* const method_;
  const Mutable field_;
  Response response_;
  std::shared_ptr<WatchCall> self_;
};

// `check_parent(request)` refuses a malformed parent. A noun without parents passes "".
template <typename Message, typename Request, typename Response>
grpc::ServerWriteReactor<Response>* ServeWatch(Edge& edge, const char* method, Noun noun,
                                               const Request* request, const std::string& parent,
                                               const Status& parent_status, Message* (Response::*field)()) {
  Request checked = *request;
  Status status = rpc::PrepareRequest(&checked);
  if (status.ok()) {
    status = parent_status;
  }
  if (status.ok() && request->resume_revision() < 0) {
    status =
        WithReason(WithField(InvalidArgument("resume_revision: {} is negative", request->resume_revision()),
                             "resume_revision"),
                   "OUT_OF_BOUNDS");
  }
  auto call = std::make_shared<WatchCall<Response, Message>>(edge, method, noun, parent,
                                                             request->resume_revision(), field);
  call->Start(status);
  return call.get();
}

}  // namespace shadowd::daemon
