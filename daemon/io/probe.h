// The readiness probe of one replica: a TCP connect, or an HTTP GET that is answered with 2xx or 3xx, tried
// at the interval until the deadline. Runs on the given io_context and calls back there once, unless it is
// destroyed before. Asio stays out of this header.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "model/service.h"

namespace boost::asio {
class io_context;
}

namespace shadowd::io {

class Probe {
 public:
  // ok = ready; else DEADLINE_EXCEEDED with reason READINESS_DEADLINE, saying what the last attempt met.
  using Done = std::function<void(Status)>;

  // `address` as in a record: "127.0.0.1:18080", "[::1]:18080".
  Probe(boost::asio::io_context& context, const std::string& address, const model::Readiness& readiness,
        Done done);
  ~Probe();
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

 private:
  class Session;
  std::shared_ptr<Session> session_;
};

}  // namespace shadowd::io
