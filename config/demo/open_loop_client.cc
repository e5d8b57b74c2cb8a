#include "open_loop_client.h"

#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

#include "daemon/io/inet_address.h"
#include "http_head.h"

namespace shadowd::demo {
namespace {

constexpr uint64_t kTimerTag = 1, kSignalTag = 2;
constexpr size_t kMaxConnections = 4000;

int64_t Quantile(std::vector<uint32_t>& values, double q) {
  if (values.empty()) {
    return -1;
  }
  const auto rank = static_cast<size_t>(std::ceil(q * static_cast<double>(values.size()))) - 1;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(rank), values.end());
  return values[rank];
}

}  // namespace

StatusOr<OpenLoopClient> OpenLoopClient::Create(ClientOptions options, DayProfile profile) {
  StatusOr<sockaddr_in> address = io::ParseInetAddress(options.target);
  if (!address.ok()) {
    return Annotate(address.status(), "--target");
  }
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  io::UniqueFd stop(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
  io::UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  io::UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!stop.valid() || !epoll.valid() || !timer.valid()) {
    return ErrnoStatus(errno, "signalfd, epoll or timerfd");
  }
  for (const auto& [fd, tag] : {std::pair{timer.get(), kTimerTag}, std::pair{stop.get(), kSignalTag}}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = tag;
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      return ErrnoStatus(errno, "epoll_ctl");
    }
  }
  return OpenLoopClient(std::move(options), profile, *address, std::move(epoll), std::move(timer),
                        std::move(stop));
}

OpenLoopClient::OpenLoopClient(ClientOptions options, DayProfile profile, sockaddr_in address,
                               io::UniqueFd epoll, io::UniqueFd timer, io::UniqueFd signals)
    : options_(std::move(options)),
      profile_(profile),
      address_(address),
      epoll_(std::move(epoll)),
      timer_(std::move(timer)),
      signals_(std::move(signals)),
      rng_(profile.seed ^ 0xC11E47) {}

double OpenLoopClient::UnixAt(Clock::time_point at) const {
  return unix_begin_ + std::chrono::duration<double>(at - begin_).count();
}

Status OpenLoopClient::Run() {
  begin_ = next_planned_ = Clock::now();
  unix_begin_ = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  next_report_ = begin_ + std::chrono::seconds(1);
  const Clock::time_point end =
      begin_ + std::chrono::microseconds(static_cast<int64_t>(options_.minutes * 60e6));
  PlanNext();
  ArmTimer();
  std::array<epoll_event, 256> events;
  for (;;) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    if (count < 0 && errno != EINTR) {
      return ErrnoStatus(errno, "epoll_wait");
    }
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<size_t>(i)];
      if (event.data.u64 == kSignalTag) {
        return absl::OkStatus();
      }
      if (event.data.u64 != kTimerTag) {
        OnEvent(event.data.u64, event.events);
      }
    }
    const Clock::time_point now = Clock::now();
    SendDue(now);
    ExpireOld(now);
    ReportSeconds(now);
    if (now >= end) {
      return absl::OkStatus();
    }
    ArmTimer();
  }
}

// The rate hardly changes between two requests, so each gap is drawn at the rate where it begins.
void OpenLoopClient::PlanNext() {
  const double gap = rng_.Exponential(1 / profile_.Rate(UnixAt(next_planned_)));
  next_planned_ += std::chrono::nanoseconds(static_cast<int64_t>(gap * 1e9));
}

void OpenLoopClient::SendDue(Clock::time_point now) {
  while (next_planned_ <= now) {
    Send(next_planned_);
    PlanNext();
  }
}

void OpenLoopClient::Send(Clock::time_point planned) {
  ++second_.sent;
  uint64_t id = 0;
  while (!idle_.empty() && id == 0) {
    id = connections_.contains(idle_.back()) ? idle_.back() : 0;
    idle_.pop_back();
  }
  if (id == 0 && !Open(id)) {
    ++second_.errors;
    return;
  }
  Connection& connection = connections_.at(id);
  connection.planned = planned;
  connection.busy = true;
  connection.expires =
      planned + std::chrono::microseconds(static_cast<int64_t>(options_.timeout_seconds * 1e6));
  connection.out = fmt::format("GET /work/{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: demo-client\r\n\r\n",
                               rng_.Below(static_cast<uint64_t>(options_.paths)), options_.target);
  in_flight_.emplace_back(connection.expires, id);
  Write(id);
}

bool OpenLoopClient::Open(uint64_t& id) {
  io::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (connections_.size() == kMaxConnections || !fd.valid()) {
    return false;
  }
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address_), sizeof(address_)) != 0 &&
      errno != EINPROGRESS) {
    return false;
  }
  id = next_connection_++;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = id;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0) {
    return false;
  }
  connections_[id].fd = std::move(fd);
  return true;
}

void OpenLoopClient::Write(uint64_t id) {
  Connection& connection = connections_.at(id);
  if (connection.out.empty()) {
    return;
  }
  const ssize_t sent =
      ::send(connection.fd.get(), connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
  if (sent >= 0) {
    connection.out.erase(0, static_cast<size_t>(sent));
  } else if (errno != EAGAIN && errno != ENOTCONN && errno != EINTR) {
    Fail(id);
  }
}

void OpenLoopClient::OnEvent(uint64_t id, uint32_t events) {
  if (!connections_.contains(id)) {
    return;
  }
  if ((events & EPOLLOUT) != 0) {
    Write(id);
  }
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0 || !connections_.contains(id)) {
    return;
  }
  Connection& connection = connections_.at(id);
  std::array<char, 16384> chunk;
  ssize_t received = 0;
  while ((received = ::recv(connection.fd.get(), chunk.data(), chunk.size(), 0)) > 0) {
    connection.in.append(chunk.data(), static_cast<size_t>(received));
  }
  const bool ended = received == 0 || (errno != EAGAIN && errno != EINTR);
  const HttpHead head = ParseHead(connection.in);
  int status = 0;
  std::from_chars(head.second.data(), head.second.data() + head.second.size(), status);
  if (head.state == HttpHead::State::kMalformed) {
    Fail(id);
  } else if (head.state == HttpHead::State::kComplete && connection.busy &&
             connection.in.size() >= head.bytes + head.content_length) {
    connection.in.erase(0, head.bytes + head.content_length);
    Complete(id, status, !head.close && !ended);
  } else if (ended) {
    Fail(id);
  }
}

void OpenLoopClient::Complete(uint64_t id, int status, bool keep) {
  Connection& connection = connections_.at(id);
  const auto latency =
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - connection.planned);
  second_.latency_us.push_back(static_cast<uint32_t>(std::clamp<int64_t>(latency.count(), 0, UINT32_MAX)));
  ++(status >= 200 && status < 400 ? second_.ok : second_.errors);
  connection.busy = false;
  connection.answered_before = true;
  if (keep) {
    idle_.push_back(id);
  } else {
    connections_.erase(id);
  }
}

// A kept connection that ends before it answers was closed while the request was on its way: send it once
// more, as any client of HTTP/1.1 does. Only the first answer of a connection is its own fault.
void OpenLoopClient::Fail(uint64_t id) {
  const auto it = connections_.find(id);
  const bool retry = it->second.busy && it->second.answered_before && it->second.in.empty();
  const bool lost = it->second.busy && !retry;
  const Clock::time_point planned = it->second.planned;
  connections_.erase(it);
  second_.errors += lost ? 1 : 0;
  if (retry) {
    --second_.sent;
    Send(planned);
  }
}

void OpenLoopClient::ExpireOld(Clock::time_point now) {
  while (!in_flight_.empty() && in_flight_.front().first <= now) {
    const auto it = connections_.find(in_flight_.front().second);
    if (it != connections_.end() && it->second.busy && it->second.expires <= now) {
      second_.latency_us.push_back(static_cast<uint32_t>(options_.timeout_seconds * 1e6));
      ++second_.errors;
      connections_.erase(it);
    }
    in_flight_.pop_front();
  }
}

void OpenLoopClient::ReportSeconds(Clock::time_point now) {
  while (next_report_ <= now) {
    const double middle = UnixAt(next_report_) - 0.5;
    fmt::print(
        "{{\"t\":{:.3f},\"sent\":{},\"ok\":{},\"errors\":{},\"p50_us\":{},\"p95_us\":{},\"p99_us\":{},"
        "\"expected_rps\":{:.1f}}}\n",
        UnixAt(next_report_) - 1, second_.sent, second_.ok, second_.errors, Quantile(second_.latency_us, 0.5),
        Quantile(second_.latency_us, 0.95), Quantile(second_.latency_us, 0.99), profile_.Expected(middle));
    std::fflush(stdout);
    second_ = {};
    next_report_ += std::chrono::seconds(1);
  }
}

void OpenLoopClient::ArmTimer() {
  const auto at = std::min(next_planned_, next_report_).time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at);
  itimerspec when{};
  when.it_value.tv_sec = seconds.count();
  when.it_value.tv_nsec = std::chrono::nanoseconds(at - seconds).count();
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

}  // namespace shadowd::demo
