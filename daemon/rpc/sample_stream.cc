#include "daemon/rpc/sample_stream.h"

#include <utility>

#include "daemon/rpc/command.h"
#include "daemon/rpc/sample_batch.h"
#include "rpc/field_rules.h"
#include "rpc/resource_name.h"
#include "rpc/status_convert.h"

namespace shadowd::daemon {
namespace {

// The sender did nothing wrong and may repeat the message elsewhere or later.
bool EndsStream(const Status& status) {
  return absl::IsResourceExhausted(status) || absl::IsUnavailable(status) || absl::IsInternal(status);
}

}  // namespace

SampleStream::SampleStream(Edge& edge, grpc::CallbackServerContext* context)
    : edge_(edge), actor_(edge.peers.ActorOf(*context)) {}

void SampleStream::Start() {
  self_ = shared_from_this();
  if (const Status status = edge_.open_calls.Add(self_); !status.ok()) {
    return End(status);
  }
  Proceed(false);
}

void SampleStream::Drain() {
  End(DrainingStatus());
}
void SampleStream::OnCancel() {
  End(absl::CancelledError("the client is gone"));
}

void SampleStream::OnReadDone(bool ok) {
  if (!ok) {
    return End(absl::OkStatus());
  }
  Take();
}

void SampleStream::Take() {
  if (const Status status = rpc::PrepareRequest(&request_); !status.ok()) {
    return Refuse(status);
  }
  if (request_.sequence() <= progress_.acknowledged_sequence()) {
    return End(WithReason(WithField(InvalidArgument("sequence: {} does not rise above {}",
                                                    request_.sequence(), progress_.acknowledged_sequence()),
                                    "sequence"),
                          "SEQUENCE_NOT_RISING"));
  }
  const auto service = rpc::ParseServiceName(request_.parent());
  if (!service.ok()) {
    return Refuse(WithField(service.status(), "parent"));
  }
  auto events = SampleEvents(request_.samples(), edge_.hooks.wall_time());
  if (!events.ok()) {
    return Refuse(events.status());
  }
  PostSamples(edge_, *service, *std::move(events), actor_,
              [self = self_](const Status& status, int accepted) { self->Settle(status, accepted); });
}

void SampleStream::Refuse(const Status& status) {
  if (request_.sequence() <= progress_.acknowledged_sequence()) {
    return End(status);  // there is nothing that could be acknowledged
  }
  Settle(status, 0);
}

void SampleStream::Settle(const Status& status, int accepted) {
  if (EndsStream(status)) {
    return End(status);
  }
  progress_.set_accepted_count(progress_.accepted_count() + accepted);
  if (!status.ok()) {
    progress_.set_refused_count(progress_.refused_count() + request_.samples_size() - accepted);
    progress_.set_refused_reason(fmt::format("sequence {}: {}", request_.sequence(), MessageOf(status)));
  }
  progress_.set_acknowledged_sequence(request_.sequence());
  response_ = progress_;
  Proceed(true);
}

void SampleStream::OnWriteDone(bool ok) {
  std::optional<Status> end;
  {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    end = std::exchange(end_, std::nullopt);
  }
  if (end.has_value() || !ok) {
    return End(end.value_or(absl::CancelledError("the client is gone")));
  }
  Proceed(false);
}

void SampleStream::Proceed(bool write) {
  // Under the lock, so that nothing is started after Finish; gRPC does not call back into us from here.
  absl::MutexLock lock(&mutex_);
  if (ended_) {
    return;
  }
  if (write) {
    writing_ = true;
    StartWrite(&response_);
  } else {
    StartRead(&request_);
  }
}

void SampleStream::End(const Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) {
      return;
    }
    if (writing_) {
      end_ = status;
      return;
    }
    ended_ = true;
  }
  if (edge_.hooks.on_call) {
    edge_.hooks.on_call("Telemetry.StreamSamples", absl::StatusCodeToString(status.code()), Micros(0));
  }
  Finish(rpc::ToGrpc(status));
}

void SampleStream::OnDone() {
  edge_.open_calls.Remove(this);
  self_.reset();
}

}  // namespace shadowd::daemon
