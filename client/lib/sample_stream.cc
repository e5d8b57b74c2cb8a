#include "shadowd/sample_stream.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "rpc/status_convert.h"
#include "shadowd/v1/telemetry.grpc.pb.h"
#include "transport.h"

namespace shadowd::client {

struct SampleStream::Connection {
  explicit Connection(const std::shared_ptr<grpc::Channel>& channel)
      : stub(channel), calls(stub.StreamSamples(&context)) {}
  ~Connection() { context.TryCancel(); }

  grpc::ClientContext context;
  v1::Telemetry::Stub stub;
  std::unique_ptr<grpc::ClientReaderWriter<v1::StreamSamplesRequest, v1::StreamSamplesResponse>> calls;
  int64_t accepted = 0;  // as this connection has told so far
  int64_t refused = 0;
};

SampleStream::SampleStream(const Client& client) : transport_(client.transport()) {}
SampleStream::~SampleStream() = default;

absl::Status SampleStream::Send(const std::string& service, const std::vector<v1::Sample>& samples) {
  v1::StreamSamplesRequest request;
  request.set_parent(service);
  request.set_sequence(next_sequence_++);
  request.mutable_samples()->Add(samples.begin(), samples.end());
  unacknowledged_.push_back(std::move(request));
  const bool written = connection_ != nullptr && connection_->calls->Write(unacknowledged_.back());
  if (!written) {
    SHADOWD_RETURN_IF_ERROR(Reopen());
  }
  return ReadUntil(kWindow);
}

absl::Status SampleStream::Close() {
  SHADOWD_RETURN_IF_ERROR(ReadUntil(0));
  if (connection_ == nullptr) {
    return absl::OkStatus();
  }
  connection_->calls->WritesDone();
  const Status status = rpc::FromGrpc(connection_->calls->Finish());
  connection_.reset();
  return status;
}

absl::Status SampleStream::ReadUntil(size_t unacknowledged) {
  while (unacknowledged_.size() > unacknowledged) {
    if (!ReadOne()) {
      SHADOWD_RETURN_IF_ERROR(Reopen());
    }
  }
  return absl::OkStatus();
}

bool SampleStream::ReadOne() {
  v1::StreamSamplesResponse response;
  if (!connection_->calls->Read(&response)) {
    return false;
  }
  while (!unacknowledged_.empty() && unacknowledged_.front().sequence() <= response.acknowledged_sequence()) {
    unacknowledged_.pop_front();
  }
  accepted_ += response.accepted_count() - std::exchange(connection_->accepted, response.accepted_count());
  refused_ += response.refused_count() - std::exchange(connection_->refused, response.refused_count());
  refused_reason_ = response.refused_reason().empty() ? refused_reason_ : response.refused_reason();
  return true;
}

absl::Status SampleStream::Reopen() {
  for (int attempt = 1;; ++attempt) {
    if (connection_ != nullptr) {
      const Status status = rpc::FromGrpc(connection_->calls->Finish());
      connection_.reset();
      const bool again = Transport::MayRepeat(status) || absl::IsResourceExhausted(status);
      if (!status.ok() && (!again || attempt > transport_->options().attempts)) {
        return status;
      }
      std::this_thread::sleep_for(Transport::PauseBefore(attempt));
    }
    connection_ = std::make_unique<Connection>(transport_->channel());
    const bool written =
        std::all_of(unacknowledged_.begin(), unacknowledged_.end(),
                    [this](const auto& request) { return connection_->calls->Write(request); });
    // The first acknowledgement shows that the connection works.
    if (written && ReadOne()) {
      return absl::OkStatus();
    }
  }
}

}  // namespace shadowd::client
