// The demo's users: open-loop HTTP/1.1 traffic at the rate of a day profile, over kept connections, on one
// thread. Each request has a planned time (a Poisson process of the profile's rate) and its latency counts
// from there, whether or not it could be sent then. Every second becomes one JSON line on stdout.
#pragma once

#include <netinet/in.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/rng.h"
#include "base/status.h"
#include "daemon/io/unique_fd.h"
#include "day_profile.h"

namespace shadowd::demo {

struct ClientOptions {
  std::string target = "127.0.0.1:8080";
  double minutes = 7;
  double timeout_seconds = 5;
  int paths = 200;  // distinct /work/N
};

class OpenLoopClient {
 public:
  static StatusOr<OpenLoopClient> Create(ClientOptions options, DayProfile profile);
  // Runs for the time asked, or until SIGTERM or SIGINT. OK also when requests failed: the lines tell.
  Status Run();

 private:
  using Clock = std::chrono::steady_clock;
  struct Connection {
    io::UniqueFd fd;
    Clock::time_point planned;
    Clock::time_point expires;
    std::string out;
    std::string in;
    bool busy = false;
    bool answered_before = false;  // a kept connection may be closed by the server at any time
  };
  struct Second {
    uint64_t sent = 0, ok = 0, errors = 0;
    std::vector<uint32_t> latency_us;
  };

  OpenLoopClient(ClientOptions options, DayProfile profile, sockaddr_in address, io::UniqueFd epoll,
                 io::UniqueFd timer, io::UniqueFd signals);
  double UnixAt(Clock::time_point at) const;
  void PlanNext();
  void SendDue(Clock::time_point now);
  void Send(Clock::time_point planned);
  bool Open(uint64_t& id);
  void Write(uint64_t id);
  void OnEvent(uint64_t id, uint32_t events);
  void Complete(uint64_t id, int status, bool keep);
  void Fail(uint64_t id);
  void ExpireOld(Clock::time_point now);
  void ReportSeconds(Clock::time_point now);
  void ArmTimer();

  ClientOptions options_;
  DayProfile profile_;
  sockaddr_in address_;
  io::UniqueFd epoll_, timer_, signals_;
  Rng rng_;
  Clock::time_point begin_;
  double unix_begin_ = 0;
  Clock::time_point next_planned_;
  Clock::time_point next_report_;
  std::unordered_map<uint64_t, Connection> connections_;
  std::vector<uint64_t> idle_;
  std::deque<std::pair<Clock::time_point, uint64_t>> in_flight_;  // by sending order, for the time-outs
  uint64_t next_connection_ = 16;
  Second second_;
};

}  // namespace shadowd::demo
