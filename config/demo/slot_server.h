// The demo's service: HTTP/1.1 on one thread. A request for /work takes one of a few slots, in the order of
// arrival, and holds it for a random service time, a part of which is spent on the CPU for real; more
// requests wait in a queue. So it behaves as an M/G/c queue does, and its capacity is known. /healthz needs
// no slot and is 200 once the start-up is over.
#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "base/status.h"
#include "daemon/io/unique_fd.h"

namespace shadowd::demo {

struct ServiceOptions {
  std::string address = "127.0.0.1";
  int port = 0;
  std::string id = "demo";
  std::string version = "1";
  double service_ms = 20;  // mean
  double service_cv = 0.25;
  double cpu_ms = 0.4;  // of the service time
  int slots = 4;
  double startup_seconds = 0;
  uint64_t seed = 1;
};

class SlotServer {
 public:
  static StatusOr<std::unique_ptr<SlotServer>> Create(ServiceOptions options);
  // Serves until SIGTERM or SIGINT (blocked by Create), then finishes what it has accepted, for 5 s at most.
  Status Run();

 private:
  using Clock = std::chrono::steady_clock;
  struct Connection {
    io::UniqueFd fd;
    std::string in;
    std::string out;
    bool busy = false;   // one request at a time; further ones wait in `in`
    bool close = false;  // after `out` is sent
  };
  struct Finish {  // a slot that becomes free
    Clock::time_point at;
    uint64_t connection;
    bool operator>(const Finish& other) const { return at > other.at; }
  };

  SlotServer(ServiceOptions options, io::UniqueFd listener, io::UniqueFd epoll, io::UniqueFd timer,
             io::UniqueFd signals);
  Status Watch(int fd, uint64_t tag, uint32_t events, int operation);
  void Accept();
  void OnReadable(uint64_t id);
  void TakeRequest(uint64_t id, Connection& connection);
  void Route(uint64_t id, Connection& connection, std::string_view target);
  void StartWaiting();
  void Begin(uint64_t id);
  void FinishDue();
  void Reply(uint64_t id, Connection& connection, int code, std::string_view body);
  void Flush(uint64_t id, Connection& connection);
  void Drop(uint64_t id);
  void ArmTimer();
  void BeginStop();

  ServiceOptions options_;
  io::UniqueFd listener_, epoll_, timer_, signals_;
  Clock::time_point ready_at_;
  Clock::time_point stop_by_ = Clock::time_point::max();
  Rng rng_;
  std::map<uint64_t, Connection> connections_;
  uint64_t next_connection_ = 16;  // tags below are the server's own descriptors
  std::deque<uint64_t> waiting_;
  int free_slots_ = 0;
  std::priority_queue<Finish, std::vector<Finish>, std::greater<>> finishes_;
};

}  // namespace shadowd::demo
