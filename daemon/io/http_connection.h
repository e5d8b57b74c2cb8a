// One non-blocking HTTP/1.1 connection, plain or TLS: sends one request at a time and reads its response to
// the end. It says what happened and decides nothing; its owner does. Registered once with epoll,
// edge-triggered, so a request costs one send and one recv. Its owner's thread; its address is epoll's user
// data, so it is pinned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "daemon/io/endpoint.h"
#include "daemon/io/transport.h"
#include "load/http1_response.h"
#include "load/in_flight.h"

namespace shadowd::io {

class HttpConnection;

// Whoever opened connections and hears of them.
class ConnectionOwner {
 public:
  virtual void OnEvent(HttpConnection& connection, uint32_t events, std::span<char> buffer) = 0;

 protected:
  ~ConnectionOwner() = default;
};

class HttpConnection {
 public:
  enum class Progress {
    kPending,    // nothing decided yet
    kAnswered,   // response() is complete
    kBroken,     // refused, reset, malformed or closed in the middle
    kIdleClosed  // the server closed a connection that carried no request
  };
  // Of what is kBroken: "connect", "tls", "reset" (also closed in the middle) or "malformed".
  const char* trouble() const { return trouble_; }

  // Null when no socket can be had (out of descriptors). `tls` may be null (plain) and must outlive it.
  static std::unique_ptr<HttpConnection> Connect(ConnectionOwner& owner, const Endpoint& endpoint,
                                                 const TlsClient* tls, int epoll_fd);
  ~HttpConnection() { Close(); }
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // Takes a request; it is sent now, or once the connection stands.
  Progress Start(load::DueRequest request);
  Progress OnEvent(uint32_t events, std::span<char> buffer);
  // The request is answered or given up: the connection is free.
  load::DueRequest Finish();

  ConnectionOwner& owner() { return owner_; }
  bool busy() const { return busy_; }
  bool reused() const { return served_ > 0; }
  uint64_t served() const { return served_; }      // requests before this one
  uint64_t received() const { return received_; }  // bytes of this answer
  bool dead() const { return !transport_.valid(); }
  void Close();
  bool answer_begun() const { return response_.begun(); }
  const load::DueRequest& request() const { return request_; }
  const load::Http1Response& response() const { return response_; }

  size_t slot = 0;  // in its target's list
  MonoTime idle_since;

 private:
  HttpConnection(ConnectionOwner& owner, Transport transport, int epoll_fd)
      : owner_(owner), transport_(std::move(transport)), epoll_fd_(epoll_fd) {}

  Progress SendRest();
  Progress Receive(std::span<char> buffer);

  Progress Broken(const char* trouble);

  ConnectionOwner& owner_;
  Transport transport_;
  int epoll_fd_;  // of the sender, which outlives it
  bool connected_ = false;
  bool busy_ = false;
  uint64_t served_ = 0;
  uint64_t received_ = 0;
  size_t sent_ = 0;
  const char* trouble_ = "";
  load::DueRequest request_;
  load::Http1Response response_;
};

}  // namespace shadowd::io
