// HTTP/2 connections to one target, each with a bounded number of requests at a time. A connection is opened
// when a request is due and all others are full. One thread.
#pragma once

#include <memory>
#include <vector>

#include "daemon/io/http2_connection.h"
#include "daemon/io/load_pool.h"

namespace shadowd::io {

class Http2Pool final : public LoadPool, public Http2Owner {
 public:
  Http2Pool(const LoadTarget& target, LoadRecorder recorder, int epoll_fd, size_t streams)
      : target_(target), recorder_(recorder), epoll_fd_(epoll_fd), streams_(streams) {}

  std::optional<MonoTime> FreeSince(MonoTime now) override;
  void Send(const load::WireRequestPtr& request, MonoTime planned) override;
  void OnEvent(const epoll_event& event, std::span<char> buffer) override;
  void Sweep(MonoTime now) override;
  size_t unanswered() const override;

  void OnAnswer(const Http2Answer& answer) override;
  void OnFailure(const Http2Answer& answer, const char* trouble) override;

 private:
  Http2Connection* WithRoom();

  const LoadTarget& target_;
  LoadRecorder recorder_;
  int epoll_fd_;
  size_t streams_;
  std::vector<std::unique_ptr<Http2Connection>> connections_;
  MonoTime free_since_{};  // when the last answer made room
};

}  // namespace shadowd::io
