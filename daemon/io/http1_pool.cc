#include "daemon/io/http1_pool.h"

#include <algorithm>
#include <utility>

#include "daemon/io/monotonic_clock.h"

namespace shadowd::io {
namespace {

constexpr int kClientError = 400;
constexpr int kServerError = 500;

const char* WrongWith(const load::WireRequest& request, const load::Http1Response& response) {
  if (response.status() >= kServerError) {
    return "status_5xx";
  }
  if (response.status() >= kClientError) {
    return "status_4xx";
  }
  return request.expected_body && *request.expected_body != response.body_hash() ? "body" : nullptr;
}

}  // namespace

std::optional<MonoTime> Http1Pool::FreeSince(MonoTime now) {
  if (!idle_.empty()) {
    return idle_.back()->idle_since;
  }
  if (connections_.size() < target_.connections) {
    return std::min(now, free_since_);
  }
  return std::nullopt;
}

void Http1Pool::Send(const load::WireRequestPtr& request, MonoTime planned) {
  Begin({request, planned});
}

HttpConnection* Http1Pool::TakeIdle() {
  if (idle_.empty()) {
    return nullptr;
  }
  HttpConnection* connection = idle_.back();
  idle_.pop_back();
  return connection;
}

void Http1Pool::Begin(load::DueRequest request) {
  HttpConnection* connection = request.retried ? nullptr : TakeIdle();
  if (connection == nullptr) {
    std::unique_ptr<HttpConnection> opened =
        HttpConnection::Connect(*this, target_.endpoint, target_.tls.get(), epoll_fd_);
    if (opened == nullptr) {
      recorder_.OnFailure(*request.request, "no_descriptor");
      return;
    }
    recorder_.OnConnect();
    opened->slot = connections_.size();
    connections_.push_back(std::move(opened));
    connection = connections_.back().get();
  }
  OnProgress(*connection, connection->Start(std::move(request)));
}

void Http1Pool::OnEvent(const epoll_event& event, std::span<char> buffer) {
  auto& connection = *static_cast<HttpConnection*>(event.data.ptr);
  OnEvent(connection, event.events, buffer);
}

void Http1Pool::OnEvent(HttpConnection& connection, uint32_t events, std::span<char> buffer) {
  OnProgress(connection, connection.OnEvent(events, buffer));
}

void Http1Pool::OnProgress(HttpConnection& connection, HttpConnection::Progress progress) {
  switch (progress) {
    case HttpConnection::Progress::kPending:
      break;
    case HttpConnection::Progress::kAnswered:
      OnAnswer(connection);
      break;
    case HttpConnection::Progress::kBroken:
      OnBroken(connection);
      break;
    case HttpConnection::Progress::kIdleClosed:
      std::erase(idle_, &connection);
      Drop(connection);
      break;
  }
}

void Http1Pool::OnAnswer(HttpConnection& connection) {
  const MonoTime now = ReadMonoTime();
  const bool spent =
      target_.requests_per_connection > 0 && connection.served() + 1 >= target_.requests_per_connection;
  const bool reusable = connection.response().keep_alive() && !spent;
  const load::DueRequest request = connection.Finish();
  recorder_.OnAnswer(*request.request, now - request.planned, connection.response().status(),
                     WrongWith(*request.request, connection.response()), connection.received());
  connection.idle_since = now;
  if (reusable) {
    idle_.push_back(&connection);
  } else {
    free_since_ = now;
    Drop(connection);
  }
}

// A kept connection that the server closed just before our request is the protocol's race, not an error of
// the target: the request goes out once more, on a new connection (RFC 9112 §9.3.1), if repeating it is
// harmless.
void Http1Pool::OnBroken(HttpConnection& connection) {
  const bool race = connection.reused() && !connection.answer_begun();
  const char* trouble = connection.trouble();
  load::DueRequest request = connection.Finish();
  free_since_ = ReadMonoTime();
  Drop(connection);
  if (race && !request.retried && request.request->safe) {
    request.retried = true;
    again_.push_back(std::move(request));  // not here: we may be within a send
  } else {
    recorder_.OnFailure(*request.request, trouble);
  }
}

void Http1Pool::Drop(HttpConnection& connection) {
  const size_t slot = connection.slot;
  connection.Close();
  graveyard_.push_back(std::move(connections_[slot]));
  if (slot + 1 != connections_.size()) {
    connections_[slot] = std::move(connections_.back());
    connections_[slot]->slot = slot;
  }
  connections_.pop_back();
}

void Http1Pool::Sweep(MonoTime now) {
  graveyard_.clear();
  while (!again_.empty() && connections_.size() < target_.connections) {
    load::DueRequest request = std::move(again_.front());
    again_.pop_front();
    Begin(std::move(request));
  }
  for (size_t i = connections_.size(); i-- > 0;) {
    HttpConnection& connection = *connections_[i];
    if (connection.busy() && now - connection.request().planned >= target_.timeout) {
      const load::DueRequest request = connection.Finish();
      recorder_.OnFailure(*request.request, "timeout");
      free_since_ = now;
      Drop(connection);
    }
  }
}

}  // namespace shadowd::io
