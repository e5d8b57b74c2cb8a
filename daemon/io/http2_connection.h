// One non-blocking HTTP/2 connection, TLS or with prior knowledge, that carries many requests at a time; also
// gRPC's, whose result is in the trailers. The protocol is nghttp2's. It tells its owner of each request's
// end. Its owner's thread; its address is epoll's user data, so it is pinned.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "base/time.h"
#include "daemon/io/endpoint.h"
#include "daemon/io/transport.h"
#include "load/wire_request.h"

struct nghttp2_session;

namespace shadowd::io {

struct Http2Answer {
  load::WireRequestPtr request;
  MonoTime planned;
  int status = 0;
  int grpc_status = -1;  // -1 = none came
  uint64_t bytes = 0;
  uint64_t body_hash = load::kBodyHashStart;
  size_t body_sent = 0;
};

class Http2Owner {
 public:
  virtual void OnAnswer(const Http2Answer& answer) = 0;
  virtual void OnFailure(const Http2Answer& answer, const char* trouble) = 0;

 protected:
  ~Http2Owner() = default;
};

class Http2Connection {
 public:
  // Null when no socket can be had. `tls` may be null and must outlive it.
  static std::unique_ptr<Http2Connection> Connect(Http2Owner& owner, const Endpoint& endpoint,
                                                  const TlsClient* tls, int epoll_fd);
  ~Http2Connection();
  Http2Connection(const Http2Connection&) = delete;
  Http2Connection& operator=(const Http2Connection&) = delete;

  // More requests may be put on it. False once the server said to go away, or it broke.
  bool open() const { return open_; }
  size_t streams() const { return streams_.size(); }
  uint64_t served() const { return served_; }
  void Send(load::WireRequestPtr request, MonoTime planned);
  void OnEvent(uint32_t events, std::span<char> buffer);
  // Gives up what was planned before.
  void Expire(MonoTime before);
  void Retire() { open_ = false; }

 private:
  friend struct Http2Callbacks;
  Http2Connection(Http2Owner& owner, Transport transport, int epoll_fd);
  void Flush();
  void Fail(const char* trouble);

  Http2Owner& owner_;
  Transport transport_;
  int epoll_fd_;
  nghttp2_session* session_ = nullptr;
  bool connected_ = false;
  bool open_ = true;
  uint64_t served_ = 0;
  std::map<int32_t, Http2Answer> streams_;
  std::string out_;  // not yet taken by the socket
};

}  // namespace shadowd::io
