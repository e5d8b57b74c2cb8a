// The channel to the daemon and the policy of repeating. Shared by everything a Client hands out;
// thread-safe, since gRPC's channel is and the rest is constant.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "shadowd/client.h"

namespace shadowd::client {

class Transport {
 public:
  static StatusOr<std::shared_ptr<Transport>> Create(const Options& options);

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  const Options& options() const { return options_; }

  // Calls until it succeeds, fails for good, or the deadline (plus `extra`) is over.
  template <typename Stub, typename Request, typename Response>
  StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                          const Request& request, std::chrono::milliseconds extra = {}) const {
    Stub stub(channel_);
    Response response;
    const Status status = Repeat(extra, [&](grpc::ClientContext* context) {
      response.Clear();
      return (stub.*method)(context, request, &response);
    });
    return status.ok() ? StatusOr<Response>(std::move(response)) : StatusOr<Response>(status);
  }

  static bool MayRepeat(const Status& status);
  // Before attempt n (1 = the first repeat): 100 ms, doubling up to 5 s, with some of it at random.
  static std::chrono::milliseconds PauseBefore(int repeat);

 private:
  Transport(Options options, std::shared_ptr<grpc::Channel> channel)
      : options_(std::move(options)), channel_(std::move(channel)) {}
  Status Repeat(std::chrono::milliseconds extra,
                const std::function<grpc::Status(grpc::ClientContext*)>& call) const;

  const Options options_;
  const std::shared_ptr<grpc::Channel> channel_;
};

// A request id nobody else makes.
std::string NewRequestId();

}  // namespace shadowd::client
