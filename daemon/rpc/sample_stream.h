// The StreamSamples method: one message at a time is taken, made durable and acknowledged, so a fast sender
// is held back by flow control and nothing queues here. A malformed message is counted and named, and the
// stream goes on; where the daemon cannot take more the stream ends, and the sender repeats what was not
// acknowledged.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <optional>
#include <string>

#include "daemon/rpc/edge.h"
#include "daemon/rpc/open_calls.h"
#include "shadowd/v1/telemetry.pb.h"

namespace shadowd::daemon {

class SampleStream : public grpc::ServerBidiReactor<v1::StreamSamplesRequest, v1::StreamSamplesResponse>,
                     public OpenCall,
                     public std::enable_shared_from_this<SampleStream> {
 public:
  SampleStream(Edge& edge, grpc::CallbackServerContext* context);
  void Start();
  void Drain() override;

 private:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void Take();
  void Refuse(const Status& status);
  void Settle(const Status& status, int accepted);
  void Acknowledge();
  // Starts the next read or write unless the stream has ended meanwhile.
  void Proceed(bool write);
  void End(const Status& status);

  Edge& edge_;
  const std::string actor_;
  std::shared_ptr<SampleStream> self_;

  // Used by one step after the other: read, settle, write.
  v1::StreamSamplesRequest request_;
  v1::StreamSamplesResponse progress_;
  v1::StreamSamplesResponse response_;

  absl::Mutex mutex_;  // a cancellation or a drain may come at any time
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<Status> end_ ABSL_GUARDED_BY(mutex_);  // once the write in flight is done
};

}  // namespace shadowd::daemon
