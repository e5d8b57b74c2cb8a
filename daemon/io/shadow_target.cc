#include "daemon/io/shadow_target.h"

#include <algorithm>
#include <utility>

#include "daemon/io/monotonic_clock.h"

namespace shadowd::io {
namespace {

constexpr int kSendsPerCall = 64;
constexpr size_t kCopiesMax = 1024;
constexpr Micros kIdleTimeout = std::chrono::seconds(15);
constexpr int kServerError = 500;

}  // namespace

ShadowTarget::ShadowTarget(ServiceTraffic& traffic, Place place, const load::Schedule& schedule, int epoll_fd)
    : traffic_(traffic),
      place_(std::move(place)),
      schedule_(schedule),
      epoll_fd_(epoll_fd),
      in_flight_(kConnectionsMax, kWaitingMax, kDeadline),
      copies_(0, kCopiesMax, kDeadline) {}

void ShadowTarget::OfferCopy(const load::WireRequestPtr& request, MonoTime planned, MonoTime now) {
  schedule_.OnMirrored();
  if (!schedule_.slots()) {
    Submit({request, planned, true}, now);
  } else if (!copies_.Wait({request, planned, true})) {
    traffic_.dropped_by_queue.fetch_add(1, std::memory_order_relaxed);
  }
}

std::optional<MonoTime> ShadowTarget::SendDue(load::Mix& mix, MonoTime now) {
  for (int sent = 0; sent < kSendsPerCall; ++sent) {
    const std::optional<MonoTime> next = schedule_.Next(now);
    if (!next || *next > now) {
      return next;
    }
    schedule_.Pop();
    std::optional<load::DueRequest> copy = copies_.TakeWaiting();
    load::WireRequestPtr request = copy ? std::move(copy->request) : mix.Draw();
    if (request != nullptr) {
      Submit({std::move(request), *next, copy.has_value()}, now);
    }
  }
  return now;
}

void ShadowTarget::Submit(load::DueRequest request, MonoTime now) {
  if (!traffic_.active.load(std::memory_order_acquire)) {
    return;
  }
  window_.Offer(request.mirrored, now - request.planned);
  Dispatch(std::move(request));
}

void ShadowTarget::Dispatch(load::DueRequest request) {
  HttpConnection* connection = request.retried ? nullptr : TakeIdle();
  if (connection == nullptr && in_flight_.MayConnect(connections_.size())) {
    connection = Open();
  }
  const bool mirrored = request.mirrored;
  if (connection != nullptr) {
    Begin(*connection, std::move(request));
  } else if (!in_flight_.Wait(std::move(request))) {
    window_.Fail();
    if (mirrored) {
      traffic_.dropped_by_queue.fetch_add(1, std::memory_order_relaxed);
    }
  }
}

void ShadowTarget::Begin(HttpConnection& connection, load::DueRequest request) {
  if (!request.retried) {
    (request.mirrored ? traffic_.mirrored_sent : traffic_.synthetic_sent)
        .fetch_add(1, std::memory_order_relaxed);
  }
  OnProgress(connection, connection.Start(std::move(request)));
}

HttpConnection* ShadowTarget::TakeIdle() {
  if (idle_.empty()) {
    return nullptr;
  }
  HttpConnection* connection = idle_.back();
  idle_.pop_back();
  return connection;
}

HttpConnection* ShadowTarget::Open() {
  std::unique_ptr<HttpConnection> connection =
      HttpConnection::Connect(*this, place_.endpoint, nullptr, epoll_fd_);
  if (connection == nullptr) {
    return nullptr;
  }
  connection->slot = connections_.size();
  connections_.push_back(std::move(connection));
  return connections_.back().get();
}

void ShadowTarget::OnEvent(HttpConnection& connection, uint32_t events, std::span<char> buffer) {
  OnProgress(connection, connection.OnEvent(events, buffer));
}

void ShadowTarget::OnProgress(HttpConnection& connection, HttpConnection::Progress progress) {
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

void ShadowTarget::OnAnswer(HttpConnection& connection) {
  const MonoTime now = ReadMonoTime();
  const bool error = connection.response().status() >= kServerError;
  const bool reusable = connection.response().keep_alive();
  const load::DueRequest request = connection.Finish();
  window_.Complete(now - request.planned, error);
  connection.idle_since = now;
  if (!reusable) {
    Drop(connection);
  }
  ServeWaiting(reusable ? &connection : nullptr);
}

// A kept connection that the server closed just before our request is the protocol's race, not an error of
// the shadow: the request goes out once more, on a new connection (RFC 9112 §9.3.1), if repeating it is
// harmless.
void ShadowTarget::OnBroken(HttpConnection& connection) {
  const bool race = connection.reused() && !connection.answer_begun();
  load::DueRequest request = connection.Finish();
  Drop(connection);
  if (race && !request.retried && request.request->safe) {
    request.retried = true;
    Dispatch(std::move(request));
  } else {
    window_.Fail();
  }
  ServeWaiting(nullptr);
}

void ShadowTarget::ServeWaiting(HttpConnection* free_connection) {
  if (in_flight_.waiting() == 0 || !traffic_.active.load(std::memory_order_acquire)) {
    if (free_connection != nullptr) {
      idle_.push_back(free_connection);
    }
    return;
  }
  HttpConnection* connection = free_connection;
  if (connection == nullptr && in_flight_.MayConnect(connections_.size())) {
    connection = Open();
  }
  if (connection != nullptr) {
    Begin(*connection, *in_flight_.TakeWaiting());
  }
}

void ShadowTarget::Drop(HttpConnection& connection) {
  const size_t slot = connection.slot;
  connection.Close();
  graveyard_.push_back(std::move(connections_[slot]));
  if (slot + 1 != connections_.size()) {
    connections_[slot] = std::move(connections_.back());
    connections_[slot]->slot = slot;
  }
  connections_.pop_back();
}

void ShadowTarget::Sweep(MonoTime now) {
  for (size_t expired = in_flight_.ExpireWaiting(now); expired > 0; --expired) {
    window_.Fail();
  }
  copies_.ExpireWaiting(now);
  size_t freed = 0;
  for (size_t i = connections_.size(); i-- > 0;) {
    HttpConnection& connection = *connections_[i];
    if (connection.busy() && in_flight_.Expired(connection.request().planned, now)) {
      connection.Finish();
      Drop(connection);
      window_.Fail();
      ++freed;
    } else if (!connection.busy() && now - connection.idle_since >= kIdleTimeout) {
      std::erase(idle_, &connection);
      Drop(connection);
    }
  }
  for (; freed > 0 && in_flight_.waiting() > 0; --freed) {
    ServeWaiting(nullptr);
  }
}

}  // namespace shadowd::io
