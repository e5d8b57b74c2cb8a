// One non-blocking HTTP/1.1 connection to a shadow: sends one request at a time and reads its response to the
// end. It says what happened and decides nothing; its target does. Registered once with epoll,
// edge-triggered, so a request costs one send and one recv. Owned by its target; sender thread; its address
// is epoll's user data, so it is pinned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "daemon/io/endpoint.h"
#include "daemon/io/unique_fd.h"
#include "load/http1_response.h"
#include "load/in_flight.h"

namespace shadowd::io {

class ShadowTarget;

class HttpConnection {
 public:
  enum class Progress {
    kPending,    // nothing decided yet
    kAnswered,   // response() is complete
    kBroken,     // refused, reset, malformed or closed in the middle
    kIdleClosed  // the server closed a connection that carried no request
  };

  // Null when no socket can be had (out of descriptors).
  static std::unique_ptr<HttpConnection> Connect(ShadowTarget& target, const Endpoint& endpoint,
                                                 int epoll_fd);
  ~HttpConnection() { Close(); }
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // Takes a request; it is sent now, or once the connection stands.
  Progress Start(load::DueRequest request);
  Progress OnEvent(uint32_t events, std::span<char> buffer);
  // The request is answered or given up: the connection is free.
  load::DueRequest Finish();

  ShadowTarget& target() { return target_; }
  bool busy() const { return busy_; }
  bool reused() const { return served_ > 0; }
  bool dead() const { return !fd_.valid(); }
  void Close();
  bool answer_begun() const { return response_.begun(); }
  const load::DueRequest& request() const { return request_; }
  const load::Http1Response& response() const { return response_; }

  size_t slot = 0;  // in its target's list
  MonoTime idle_since;

 private:
  HttpConnection(ShadowTarget& target, UniqueFd fd, int epoll_fd)
      : target_(target), fd_(std::move(fd)), epoll_fd_(epoll_fd) {}

  Progress SendRest();
  Progress Receive(std::span<char> buffer);

  ShadowTarget& target_;
  UniqueFd fd_;
  int epoll_fd_;  // of the sender, which outlives it
  bool connected_ = false;
  bool busy_ = false;
  uint64_t served_ = 0;
  size_t sent_ = 0;
  load::DueRequest request_;
  load::Http1Response response_;
};

}  // namespace shadowd::io
