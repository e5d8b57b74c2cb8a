#include "fakes/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/check.h"
#include "daemon/io/monotonic_clock.h"

namespace shadowd::fakes {

struct HttpServer::Connection {
  int fd = -1;
  size_t index = 0;
  std::string input;
};
struct HttpServer::Due {
  int64_t at_us = 0;
  size_t index = 0;
};

HttpServer::HttpServer(const Options& options) : options_(options) {
  listen_fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  SHADOWD_CHECK(bind(listen_fd_, reinterpret_cast<sockaddr*>(&address), length) == 0);
  SHADOWD_CHECK(listen(listen_fd_, 1024) == 0);
  SHADOWD_CHECK(getsockname(listen_fd_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  port_ = ntohs(address.sin_port);
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = UINT64_MAX;
  SHADOWD_CHECK(epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, listen_fd_, &event) == 0);
  thread_ = std::thread([this] { Run(); });
}

HttpServer::~HttpServer() {
  stop_.store(true);
  thread_.join();
  for (const auto& connection : connections_) {
    if (connection->fd >= 0) {
      close(connection->fd);
    }
  }
  close(listen_fd_);
  close(epoll_fd_);
}

std::vector<std::string> HttpServer::Log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

void HttpServer::Run() {
  prctl(PR_SET_TIMERSLACK, 1);
  std::array<epoll_event, 128> events;
  while (!stop_.load()) {
    int64_t wait_us = 20'000;
    const int64_t now = io::ReadMonoTime().time_since_epoch().count();
    if (!due_.empty()) {
      wait_us = std::clamp<int64_t>(due_.front().at_us - now, 0, wait_us);
    }
    timespec timeout{0, wait_us * 1000};
    const int count =
        epoll_pwait2(epoll_fd_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    for (int i = 0; i < count; ++i) {
      const uint64_t index = events[static_cast<size_t>(i)].data.u64;
      if (index == UINT64_MAX) {
        Accept();
      } else {
        Receive(*connections_[index]);
      }
    }
    const int64_t after = io::ReadMonoTime().time_since_epoch().count();
    const auto late =
        std::find_if(due_.begin(), due_.end(), [after](const Due& due) { return due.at_us > after; });
    for (auto due = due_.begin(); due != late; ++due) {
      Answer(*connections_[due->index]);
    }
    due_.erase(due_.begin(), late);
  }
}

void HttpServer::Accept() {
  for (;;) {
    const int fd = accept4(listen_fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      return;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    connections_.push_back(std::make_unique<Connection>(Connection{fd, connections_.size(), {}}));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = connections_.size() - 1;
    epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event);
  }
}

void HttpServer::Receive(Connection& connection) {
  std::array<char, 16384> buffer;
  const ssize_t count = recv(connection.fd, buffer.data(), buffer.size(), 0);
  if (count <= 0) {
    if (count == 0 || errno != EAGAIN) {
      close(connection.fd);
      connection.fd = -1;
    }
    return;
  }
  connection.input.append(buffer.data(), static_cast<size_t>(count));
  for (;;) {
    const size_t end = connection.input.find("\r\n\r\n");
    if (end == std::string::npos) {
      return;
    }
    size_t body = 0;
    if (const size_t at = connection.input.find("Content-Length: "); at < end) {
      body = std::strtoul(connection.input.c_str() + at + 16, nullptr, 10);
    }
    if (connection.input.size() < end + 4 + body) {
      return;
    }
    const std::string request = connection.input.substr(0, end + 4 + body);
    if (options_.keep_log) {
      const std::lock_guard lock(mutex_);
      log_.push_back(request);
    }
    connection.input.erase(0, end + 4 + body);
    requests_.fetch_add(1);
    if (options_.stall) {
      continue;
    }
    if (options_.delay_us == 0) {
      Answer(connection, request);
    } else {
      due_.push_back({DueAt(io::ReadMonoTime().time_since_epoch().count()), connection.index});
    }
  }
}

int64_t HttpServer::DueAt(int64_t now_us) {
  first_us_ = first_us_ == 0 ? now_us : first_us_;
  const int64_t pause = first_us_ + options_.pause_after_us, end = pause + options_.pause_us;
  return now_us >= pause && now_us < end ? std::max(end, now_us + options_.delay_us)
                                         : now_us + options_.delay_us;
}

std::string HttpServer::AnswerTo(const std::string& request) const {
  if (options_.answer) {
    return options_.answer(request);
  }
  return !options_.garbage.empty() ? options_.garbage
                                   : "HTTP/1.1 " + std::to_string(options_.status) +
                                         " Fake\r\nContent-Length: " + std::to_string(options_.body.size()) +
                                         "\r\n\r\n" + options_.body;
}

void HttpServer::Answer(Connection& connection, const std::string& request) {
  if (connection.fd < 0) {
    return;
  }
  const std::string answer = AnswerTo(request);
  for (size_t at = 0; at < answer.size();) {
    const ssize_t sent = send(connection.fd, answer.data() + at, answer.size() - at, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
      return;
    }
    at += static_cast<size_t>(std::max<ssize_t>(0, sent));
    if (sent < 0) {
      pollfd room{connection.fd, POLLOUT, 0};
      poll(&room, 1, 100);
    }
  }
  if (options_.close) {
    close(connection.fd);
    connection.fd = -1;
  }
}

}  // namespace shadowd::fakes
