// HTTP/1.1 connections to one target, plain or TLS, one request on each at a time. A connection is opened
// when a request is due and none is free; the one used last is used next, as clients' pools do. One thread.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "daemon/io/http_connection.h"
#include "daemon/io/load_pool.h"

namespace shadowd::io {

class Http1Pool final : public LoadPool, public ConnectionOwner {
 public:
  Http1Pool(const LoadTarget& target, LoadRecorder recorder, int epoll_fd)
      : target_(target), recorder_(recorder), epoll_fd_(epoll_fd) {}

  std::optional<MonoTime> FreeSince(MonoTime now) override;
  void Send(const load::WireRequestPtr& request, MonoTime planned) override;
  void OnEvent(const epoll_event& event, std::span<char> buffer) override;
  void Sweep(MonoTime now) override;
  size_t unanswered() const override { return connections_.size() - idle_.size() + again_.size(); }

  void OnEvent(HttpConnection& connection, uint32_t events, std::span<char> buffer) override;

 private:
  void Begin(load::DueRequest request);
  HttpConnection* TakeIdle();
  void OnProgress(HttpConnection& connection, HttpConnection::Progress progress);
  void OnAnswer(HttpConnection& connection);
  void OnBroken(HttpConnection& connection);
  void Drop(HttpConnection& connection);

  const LoadTarget& target_;
  LoadRecorder recorder_;
  int epoll_fd_;
  std::vector<std::unique_ptr<HttpConnection>> connections_;
  std::vector<HttpConnection*> idle_;                       // the most recently used last
  std::vector<std::unique_ptr<HttpConnection>> graveyard_;  // until a batch of events is done
  std::deque<load::DueRequest> again_;  // what a server that closed its kept connection never saw
  MonoTime free_since_{};               // when a place for a connection became free
};

}  // namespace shadowd::io
