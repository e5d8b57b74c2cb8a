#include "slot_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <utility>

#include "http_head.h"

namespace shadowd::demo {
namespace {

constexpr uint64_t kListenerTag = 1, kTimerTag = 2, kSignalTag = 3;
constexpr size_t kMaxWaiting = 10'000;
constexpr size_t kMaxConnections = 20'000;
constexpr size_t kMaxRequestBytes = 1 << 20;

// Burns CPU time of this thread, so that waiting for a CPU does not count as work.
void Spin(double milliseconds) {
  const auto cpu_ns = [] {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
  };
  const double until = cpu_ns() + milliseconds * 1e6;
  while (cpu_ns() < until) {
  }
}

StatusOr<io::UniqueFd> Listen(const ServiceOptions& options) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(options.port));
  if (::inet_pton(AF_INET, options.address.c_str(), &address.sin_addr) != 1) {
    return InvalidArgument("--address: \"{}\" is not an IPv4 address", options.address);
  }
  io::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (!fd.valid() || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(fd.get(), 1024) != 0) {
    return ErrnoStatus(errno, fmt::format("--port: cannot listen on {}:{}", options.address, options.port));
  }
  return fd;
}

StatusOr<io::UniqueFd> StopSignals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  io::UniqueFd fd(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
  return fd.valid() ? StatusOr<io::UniqueFd>(std::move(fd)) : ErrnoStatus(errno, "signalfd");
}

const char* Phrase(int code) {
  return code == 200 ? "OK" : code == 404 ? "Not Found" : code == 400 ? "Bad Request" : "Service Unavailable";
}

}  // namespace

StatusOr<std::unique_ptr<SlotServer>> SlotServer::Create(ServiceOptions options) {
  SHADOWD_ASSIGN_OR_RETURN(io::UniqueFd listener, Listen(options));
  SHADOWD_ASSIGN_OR_RETURN(io::UniqueFd signals, StopSignals());
  io::UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  io::UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!epoll.valid() || !timer.valid()) {
    return ErrnoStatus(errno, "epoll or timerfd");
  }
  std::unique_ptr<SlotServer> server(new SlotServer(std::move(options), std::move(listener), std::move(epoll),
                                                    std::move(timer), std::move(signals)));
  SHADOWD_RETURN_IF_ERROR(server->Watch(server->listener_.get(), kListenerTag, EPOLLIN, EPOLL_CTL_ADD));
  SHADOWD_RETURN_IF_ERROR(server->Watch(server->timer_.get(), kTimerTag, EPOLLIN, EPOLL_CTL_ADD));
  SHADOWD_RETURN_IF_ERROR(server->Watch(server->signals_.get(), kSignalTag, EPOLLIN, EPOLL_CTL_ADD));
  return server;
}

SlotServer::SlotServer(ServiceOptions options, io::UniqueFd listener, io::UniqueFd epoll, io::UniqueFd timer,
                       io::UniqueFd signals)
    : options_(std::move(options)),
      listener_(std::move(listener)),
      epoll_(std::move(epoll)),
      timer_(std::move(timer)),
      signals_(std::move(signals)),
      ready_at_(Clock::now() +
                std::chrono::microseconds(static_cast<int64_t>(options_.startup_seconds * 1e6))),
      rng_(options_.seed),
      free_slots_(options_.slots) {}

Status SlotServer::Watch(int fd, uint64_t tag, uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  return ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0 ? absl::OkStatus()
                                                               : ErrnoStatus(errno, "epoll_ctl");
}

Status SlotServer::Run() {
  std::array<epoll_event, 256> events;
  while (Clock::now() < stop_by_) {
    if (!listener_.valid() && finishes_.empty() && waiting_.empty()) {
      return absl::OkStatus();
    }
    const int timeout_ms = listener_.valid() ? -1 : 100;
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
    if (count < 0 && errno != EINTR) {
      return ErrnoStatus(errno, "epoll_wait");
    }
    for (int i = 0; i < count; ++i) {
      const uint64_t tag = events[static_cast<size_t>(i)].data.u64;
      if (tag == kListenerTag) {
        Accept();
      } else if (tag == kSignalTag) {
        BeginStop();
      } else if (tag != kTimerTag) {
        OnReadable(tag);
      }
      FinishDue();
    }
    StartWaiting();
    ArmTimer();
  }
  return absl::OkStatus();
}

void SlotServer::BeginStop() {
  listener_.Reset();
  signals_.Reset();
  stop_by_ = Clock::now() + std::chrono::seconds(5);
}

void SlotServer::Accept() {
  while (listener_.valid()) {
    io::UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid() || connections_.size() == kMaxConnections) {
      return;
    }
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const uint64_t id = next_connection_++;
    if (Watch(fd.get(), id, EPOLLIN | EPOLLRDHUP, EPOLL_CTL_ADD).ok()) {
      connections_[id].fd = std::move(fd);
    }
  }
}

void SlotServer::OnReadable(uint64_t id) {
  const auto it = connections_.find(id);
  if (it == connections_.end()) {
    return;
  }
  Connection& connection = it->second;
  std::array<char, 16384> chunk;
  const ssize_t received = ::recv(connection.fd.get(), chunk.data(), chunk.size(), 0);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) {
    Flush(id, connection);
    return;
  }
  if (received <= 0 || connection.in.size() > kMaxRequestBytes) {
    Drop(id);
    return;
  }
  connection.in.append(chunk.data(), static_cast<size_t>(received));
  TakeRequest(id, connection);
}

void SlotServer::TakeRequest(uint64_t id, Connection& connection) {
  if (connection.busy || connection.close) {
    return;
  }
  const HttpHead head = ParseHead(connection.in);
  if (head.state == HttpHead::State::kMalformed) {
    connection.close = true;
    Reply(id, connection, 400, "bad request\n");
    return;
  }
  if (head.state == HttpHead::State::kPartial || connection.in.size() < head.bytes + head.content_length) {
    return;
  }
  const std::string target(head.second);
  connection.close = head.close || !listener_.valid();
  connection.in.erase(0, head.bytes + head.content_length);
  Route(id, connection, target);
}

void SlotServer::Route(uint64_t id, Connection& connection, std::string_view target) {
  if (Clock::now() < ready_at_) {
    Reply(id, connection, 503, "starting\n");
  } else if (target == "/healthz") {
    Reply(id, connection, 200, "ok\n");
  } else if (!target.starts_with("/work")) {
    Reply(id, connection, 404, "only /work and /healthz are here\n");
  } else if (waiting_.size() == kMaxWaiting) {
    Reply(id, connection, 503, "queue full\n");
  } else {
    connection.busy = true;
    waiting_.push_back(id);
  }
}

void SlotServer::StartWaiting() {
  while (free_slots_ > 0 && !waiting_.empty()) {
    const uint64_t id = waiting_.front();
    waiting_.pop_front();
    if (connections_.contains(id)) {  // else its client has left
      Begin(id);
    }
  }
}

void SlotServer::Begin(uint64_t id) {
  --free_slots_;
  const double shape = options_.service_cv > 0 ? 1 / (options_.service_cv * options_.service_cv) : 0;
  const double service_ms = shape > 0 ? options_.service_ms / shape * rng_.Gamma(shape) : options_.service_ms;
  const Clock::time_point begin = Clock::now();
  Spin(std::min(options_.cpu_ms, service_ms));
  finishes_.push({begin + std::chrono::microseconds(static_cast<int64_t>(service_ms * 1000)), id});
}

void SlotServer::FinishDue() {
  while (!finishes_.empty() && finishes_.top().at <= Clock::now()) {
    const uint64_t id = finishes_.top().connection;
    finishes_.pop();
    ++free_slots_;
    if (const auto it = connections_.find(id); it != connections_.end()) {
      it->second.busy = false;
      Reply(id, it->second, 200, options_.id + " " + options_.version + "\n");
    }
  }
}

void SlotServer::Reply(uint64_t id, Connection& connection, int code, std::string_view body) {
  fmt::format_to(std::back_inserter(connection.out),
                 "HTTP/1.1 {} {}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nX-Instance: {}\r\n"
                 "X-Version: {}\r\n{}\r\n{}",
                 code, Phrase(code), body.size(), options_.id, options_.version,
                 connection.close ? "Connection: close\r\n" : "", body);
  Flush(id, connection);
}

void SlotServer::Flush(uint64_t id, Connection& connection) {
  while (!connection.out.empty()) {
    const ssize_t sent =
        ::send(connection.fd.get(), connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
      (void)Watch(connection.fd.get(), id, EPOLLIN | EPOLLOUT | EPOLLRDHUP, EPOLL_CTL_MOD);
      return;
    }
    if (sent < 0) {
      Drop(id);
      return;
    }
    connection.out.erase(0, static_cast<size_t>(sent));
    if (connection.out.empty()) {
      (void)Watch(connection.fd.get(), id, EPOLLIN | EPOLLRDHUP, EPOLL_CTL_MOD);
    }
  }
  if (connection.close && !connection.busy) {
    Drop(id);
  } else if (!connection.in.empty()) {
    TakeRequest(id, connection);
  }
}

void SlotServer::Drop(uint64_t id) {
  connections_.erase(id);
}

void SlotServer::ArmTimer() {
  itimerspec when{};
  if (!finishes_.empty()) {
    const auto at = finishes_.top().at.time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at);
    when.it_value.tv_sec = seconds.count();
    when.it_value.tv_nsec = std::chrono::nanoseconds(at - seconds).count();
  }
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

}  // namespace shadowd::demo
