#include "daemon/io/probe.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <optional>
#include <utility>

#include "provider/readiness.h"

namespace shadowd::io {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

class Probe::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(asio::io_context& context, std::string address, model::Readiness readiness, Done done)
      : socket_(context),
        attempt_timer_(context),
        deadline_timer_(context),
        address_(std::move(address)),
        readiness_(std::move(readiness)),
        done_(std::move(done)) {}

  void Begin() {
    const size_t colon = address_.rfind(':');
    std::string host = address_.substr(0, colon);
    if (host.starts_with('[')) {
      host = host.substr(1, host.size() - 2);
    }
    error_code error;
    const asio::ip::address ip = asio::ip::make_address(host, error);
    endpoint_ = {ip, static_cast<uint16_t>(std::atoi(address_.c_str() + colon + 1))};
    deadline_timer_.expires_after(readiness_.deadline);
    deadline_timer_.async_wait([self = shared_from_this()](error_code wait_error) {
      if (!wait_error) {
        self->GiveUp();
      }
    });
    Attempt();
  }

  void Cancel() {
    done_ = nullptr;
    Close();
    attempt_timer_.cancel();
    deadline_timer_.cancel();
  }

 private:
  // Each attempt gets a number: what an abandoned one still calls back is ignored.
  void Attempt() {
    const int attempt = ++attempt_;
    received_.clear();
    const auto limit = std::max<Micros>(readiness_.interval, std::chrono::seconds(1));
    attempt_timer_.expires_after(limit);
    attempt_timer_.async_wait([self = shared_from_this(), attempt](error_code error) {
      if (!error && self->Current(attempt)) {
        self->Fail("no answer");
      }
    });
    socket_.async_connect(endpoint_, [self = shared_from_this(), attempt](error_code error) {
      if (self->Current(attempt)) {
        self->OnConnected(attempt, error);
      }
    });
  }

  void OnConnected(int attempt, error_code error) {
    if (error) {
      Fail("connect: " + error.message());
    } else if (readiness_.http_path.empty()) {
      Succeed();
    } else {
      request_ = provider::ProbeRequest(address_, readiness_.http_path);
      asio::async_write(socket_, asio::buffer(request_),
                        [self = shared_from_this(), attempt](error_code write_error, size_t) {
                          if (self->Current(attempt)) {
                            write_error ? self->Fail("send: " + write_error.message()) : self->Read(attempt);
                          }
                        });
    }
  }

  void Read(int attempt) {
    socket_.async_read_some(asio::buffer(chunk_),
                            [self = shared_from_this(), attempt](error_code error, size_t got) {
                              if (self->Current(attempt)) {
                                self->OnRead(attempt, error, got);
                              }
                            });
  }

  void OnRead(int attempt, error_code error, size_t got) {
    received_.append(chunk_.data(), got);
    const std::optional<bool> ready = provider::ReadinessFromReply(received_);
    if (ready && *ready) {
      Succeed();
    } else if (ready) {
      Fail("answer: " + received_.substr(0, std::min<size_t>(received_.find_first_of("\r\n"), 80)));
    } else if (error) {
      Fail("answer: " + error.message());
    } else {
      Read(attempt);
    }
  }

  void Fail(std::string problem) {
    problem_ = std::move(problem);
    ++attempt_;
    Close();
    attempt_timer_.expires_after(readiness_.interval);
    attempt_timer_.async_wait([self = shared_from_this(), attempt = attempt_](error_code error) {
      if (!error && self->Current(attempt)) {
        self->Attempt();
      }
    });
  }

  void Succeed() { Finish({}); }

  void GiveUp() {
    const std::string how = readiness_.http_path.empty() ? "TCP connect to " + address_
                                                         : "GET http://" + address_ + readiness_.http_path;
    Finish(
        WithReason(DeadlineExceeded("not ready within {:.1f} s; last: {}: {}", ToSeconds(readiness_.deadline),
                                    how, problem_.empty() ? "no answer" : problem_),
                   "READINESS_DEADLINE"));
  }

  void Finish(Status status) {
    Done done = std::exchange(done_, nullptr);
    Cancel();
    if (done) {
      done(std::move(status));
    }
  }

  void Close() {
    error_code ignored;
    socket_.close(ignored);
  }

  bool Current(int attempt) const { return done_ != nullptr && attempt == attempt_; }

  tcp::socket socket_;
  asio::steady_timer attempt_timer_;
  asio::steady_timer deadline_timer_;
  const std::string address_;
  const model::Readiness readiness_;
  Done done_;
  tcp::endpoint endpoint_;
  std::string request_;
  std::string received_;
  std::string problem_;
  std::array<char, 512> chunk_{};
  int attempt_ = 0;
};

Probe::Probe(asio::io_context& context, const std::string& address, const model::Readiness& readiness,
             Done done)
    : session_(std::make_shared<Session>(context, address, readiness, std::move(done))) {
  session_->Begin();
}

Probe::~Probe() {
  session_->Cancel();
}

}  // namespace shadowd::io
