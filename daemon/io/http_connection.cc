#include "daemon/io/http_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <string_view>

namespace shadowd::io {

std::unique_ptr<HttpConnection> HttpConnection::Connect(ShadowTarget& target, const Endpoint& endpoint,
                                                        int epoll_fd) {
  UniqueFd fd(socket(endpoint.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    return nullptr;
  }
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const bool started = connect(fd.get(), endpoint.raw(), endpoint.length) == 0 || errno == EINPROGRESS;
  std::unique_ptr<HttpConnection> connection(new HttpConnection(target, std::move(fd), epoll_fd));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = connection.get();
  if (!started || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, connection->fd_.get(), &event) != 0) {
    connection->Close();  // the first request on it fails as broken
  }
  return connection;
}

// Closing alone would leave it in the epoll set for as long as a process that is just being started holds a
// copy of the descriptor, and events would then name a connection that is no more.
void HttpConnection::Close() {
  if (fd_.valid()) {
    epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd_.get(), nullptr);
    fd_.Reset();
  }
}

HttpConnection::Progress HttpConnection::Start(load::DueRequest request) {
  request_ = std::move(request);
  response_.Begin(request_.request->head);
  busy_ = true;
  sent_ = 0;
  if (dead()) {
    return Progress::kBroken;
  }
  return connected_ ? SendRest() : Progress::kPending;
}

HttpConnection::Progress HttpConnection::SendRest() {
  const std::string& bytes = request_.request->bytes;
  while (sent_ < bytes.size()) {
    const ssize_t count = send(fd_.get(), bytes.data() + sent_, bytes.size() - sent_, MSG_NOSIGNAL);
    if (count < 0) {
      return errno == EAGAIN || errno == EINTR ? Progress::kPending : Progress::kBroken;
    }
    sent_ += static_cast<size_t>(count);
  }
  return Progress::kPending;
}

HttpConnection::Progress HttpConnection::OnEvent(uint32_t events, std::span<char> buffer) {
  if (dead()) {
    return Progress::kPending;
  }
  if (!connected_ && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
    int error = 0;
    socklen_t length = sizeof(error);
    if (getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0) {
      return Progress::kBroken;
    }
    connected_ = true;
  }
  if (connected_ && busy_ && sent_ < request_.request->bytes.size()) {
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
    const ssize_t count = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (count < 0) {
      if (errno == EINTR) {
        continue;
      }
      return errno == EAGAIN ? Progress::kPending : busy_ ? Progress::kBroken : Progress::kIdleClosed;
    }
    if (!busy_) {
      return Progress::kIdleClosed;  // closed, or bytes that nobody asked for
    }
    if (count == 0) {
      return response_.EndsWithClose() ? Progress::kAnswered : Progress::kBroken;
    }
    std::string_view bytes(buffer.data(), static_cast<size_t>(count));
    const load::Http1Response::Result result = response_.Feed(bytes);
    if (result == load::Http1Response::Result::kBad) {
      return Progress::kBroken;
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
