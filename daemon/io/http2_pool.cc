#include "daemon/io/http2_pool.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "daemon/io/monotonic_clock.h"

namespace shadowd::io {
namespace {

constexpr int kClientError = 400;
constexpr int kServerError = 500;
constexpr size_t kGrpcCodes = 17;

const char* GrpcKind(int code) {
  static const std::array<std::string, kGrpcCodes> kinds = [] {
    std::array<std::string, kGrpcCodes> names;
    for (size_t i = 0; i < kGrpcCodes; ++i) {
      names[i] = "grpc_" + std::to_string(i);
    }
    return names;
  }();
  return kinds[std::min(static_cast<size_t>(std::max(0, code)), kGrpcCodes - 1)].c_str();
}

const char* WrongWith(const Http2Answer& answer) {
  if (answer.status >= kServerError) {
    return "status_5xx";
  }
  if (answer.status >= kClientError) {
    return "status_4xx";
  }
  if (answer.grpc_status > 0) {
    return GrpcKind(answer.grpc_status);
  }
  const auto& expected = answer.request->expected_body;
  return expected && *expected != answer.body_hash ? "body" : nullptr;
}

}  // namespace

Http2Connection* Http2Pool::WithRoom() {
  for (const auto& connection : connections_) {
    if (connection->open() && connection->streams() < streams_) {
      return connection.get();
    }
  }
  return nullptr;
}

std::optional<MonoTime> Http2Pool::FreeSince(MonoTime now) {
  if (WithRoom() != nullptr || connections_.size() < target_.connections) {
    return std::min(now, free_since_);
  }
  return std::nullopt;
}

void Http2Pool::Send(const load::WireRequestPtr& request, MonoTime planned) {
  Http2Connection* connection = WithRoom();
  if (connection == nullptr) {
    std::unique_ptr<Http2Connection> opened =
        Http2Connection::Connect(*this, target_.endpoint, target_.tls.get(), epoll_fd_);
    if (opened == nullptr) {
      recorder_.OnFailure(*request, "no_descriptor");
      return;
    }
    recorder_.OnConnect();
    connections_.push_back(std::move(opened));
    connection = connections_.back().get();
  }
  connection->Send(request, planned);
  if (target_.requests_per_connection > 0 &&
      connection->served() + connection->streams() >= target_.requests_per_connection) {
    connection->Retire();
  }
}

void Http2Pool::OnEvent(const epoll_event& event, std::span<char> buffer) {
  static_cast<Http2Connection*>(event.data.ptr)->OnEvent(event.events, buffer);
}

void Http2Pool::Sweep(MonoTime now) {
  for (const auto& connection : connections_) {
    connection->Expire(now - target_.timeout);
  }
  std::erase_if(connections_,
                [](const auto& connection) { return !connection->open() && connection->streams() == 0; });
}

size_t Http2Pool::unanswered() const {
  size_t sum = 0;
  for (const auto& connection : connections_) {
    sum += connection->streams();
  }
  return sum;
}

void Http2Pool::OnAnswer(const Http2Answer& answer) {
  free_since_ = ReadMonoTime();
  recorder_.OnAnswer(*answer.request, free_since_ - answer.planned, answer.status, WrongWith(answer),
                     answer.bytes);
}

void Http2Pool::OnFailure(const Http2Answer& answer, const char* trouble) {
  free_since_ = ReadMonoTime();
  recorder_.OnFailure(*answer.request, trouble);
}

}  // namespace shadowd::io
