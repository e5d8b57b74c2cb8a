// Asks HTTP servers for a page, by HTTP/1.1 with or without TLS. A connection is kept for the next question
// to the same server. Blocking, of one thread; every answer has a deadline and a size, nothing is retried but
// a kept connection that the server had closed meanwhile. Redirections are not followed.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/status.h"
#include "base/time.h"
#include "model/telemetry.h"

namespace shadowd::io {

class HttpPace;

struct HttpAnswer {
  int status = 0;
  std::string content_type;
  std::string body;
  Micros retry_after{0};  // as the server asks; 0 = it does not
};

class HttpClient {
 public:
  // `stop`: once it is true a question ends within 100 ms; null = never. `pace`: what all clients of a server
  // keep to; null = none. Both are borrowed.
  explicit HttpClient(const std::atomic<bool>* stop = nullptr, HttpPace* pace = nullptr);
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient();

  // `target` begins with "/" and follows the path of the server's URL; "" = that path. An answer of any
  // status is one. UNAVAILABLE: not reached, TLS refused, broken off; DEADLINE_EXCEEDED; RESOURCE_EXHAUSTED:
  // larger than `body_bytes_max`; FAILED_PRECONDITION: a file of secrets or authorities cannot be read.
  // Messages name the server.
  StatusOr<HttpAnswer> Get(const model::HttpServer& server, const std::string& target, size_t body_bytes_max);

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
  const std::atomic<bool>* stop_;
  HttpPace* pace_;
};

// The URL's scheme, host and port: what a connection belongs to.
std::string OriginOf(const std::string& url);

// An answer that is not 200 as an error that says so; OK otherwise.
Status StatusOfAnswer(const HttpAnswer& answer, const std::string& url);

}  // namespace shadowd::io
