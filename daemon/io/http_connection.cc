#include "daemon/io/http_connection.h"

#include <sys/epoll.h>

#include <cerrno>
#include <string_view>

namespace shadowd::io {

std::unique_ptr<HttpConnection> HttpConnection::Connect(ConnectionOwner& owner, const Endpoint& endpoint,
                                                        const TlsClient* tls, int epoll_fd) {
  Transport transport;
  if (!transport.Open(endpoint, tls)) {
    return nullptr;
  }
  std::unique_ptr<HttpConnection> connection(new HttpConnection(owner, std::move(transport), epoll_fd));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = connection.get();
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, connection->transport_.fd(), &event) != 0) {
    connection->Close();  // the first request on it fails as broken
  }
  return connection;
}

// Closing alone would leave it in the epoll set for as long as a process that is just being started holds a
// copy of the descriptor, and events would then name a connection that is no more.
void HttpConnection::Close() {
  if (transport_.valid()) {
    epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, transport_.fd(), nullptr);
    transport_.Close();
  }
}

HttpConnection::Progress HttpConnection::Broken(const char* trouble) {
  trouble_ = trouble;
  return Progress::kBroken;
}

HttpConnection::Progress HttpConnection::Start(load::DueRequest request) {
  request_ = std::move(request);
  response_.Begin(request_.request->head, request_.request->expected_body.has_value());
  received_ = 0;
  busy_ = true;
  sent_ = 0;
  if (dead()) {
    return Broken("connect");
  }
  return connected_ ? SendRest() : Progress::kPending;
}

HttpConnection::Progress HttpConnection::SendRest() {
  const std::string_view bytes = request_.request->bytes;
  while (sent_ < bytes.size()) {
    const ssize_t count = transport_.Send(bytes.substr(sent_));
    if (count < 0) {
      return errno == EAGAIN || errno == EINTR ? Progress::kPending : Broken("reset");
    }
    sent_ += static_cast<size_t>(count);
  }
  return Progress::kPending;
}

HttpConnection::Progress HttpConnection::OnEvent(uint32_t events, std::span<char> buffer) {
  if (dead()) {
    return Progress::kPending;
  }
  if (!connected_) {
    const Transport::State state = transport_.Ready();
    if (state == Transport::State::kFailed) {
      return Broken(transport_.trouble());
    }
    if (state == Transport::State::kPending) {
      return Progress::kPending;
    }
    connected_ = true;
  }
  if (busy_ && sent_ < request_.request->bytes.size()) {
    if (const Progress progress = SendRest(); progress == Progress::kBroken) {
      return progress;
    }
  }
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0) {
    return Progress::kPending;
  }
  const Progress progress = Receive(buffer);
  if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0) {
    response_.ForbidReuse();  // the edge that told of the close will not come again
  }
  return progress;
}

HttpConnection::Progress HttpConnection::Receive(std::span<char> buffer) {
  for (;;) {
    const ssize_t count = transport_.Receive(buffer);
    if (count < 0) {
      if (errno == EINTR) {
        continue;
      }
      return errno == EAGAIN ? Progress::kPending : busy_ ? Broken("reset") : Progress::kIdleClosed;
    }
    if (!busy_) {
      return Progress::kIdleClosed;  // closed, or bytes that nobody asked for
    }
    if (count == 0) {
      return response_.EndsWithClose() ? Progress::kAnswered : Broken("reset");
    }
    received_ += static_cast<uint64_t>(count);
    std::string_view bytes(buffer.data(), static_cast<size_t>(count));
    const load::Http1Response::Result result = response_.Feed(bytes);
    if (result == load::Http1Response::Result::kBad) {
      return Broken("malformed");
    }
    if (result == load::Http1Response::Result::kDone) {
      // An early answer, or bytes behind it, leave the connection in no state to be used again.
      const bool clean = bytes.empty() && sent_ == request_.request->bytes.size();
      if (!clean) {
        response_.ForbidReuse();
      }
      return Progress::kAnswered;
    }
  }
}

load::DueRequest HttpConnection::Finish() {
  busy_ = false;
  ++served_;
  return std::move(request_);
}

}  // namespace shadowd::io
