// One fed shadow: its schedule, its pool of connections, the requests that wait for one, and the window being
// measured. Open loop: a request is due when the schedule says so, whatever became of the ones before.
// Everything here is bounded and belongs to this shadow alone, so a stalled one harms nobody. Owned by the
// sender; sender thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/io/endpoint.h"
#include "daemon/io/http_connection.h"
#include "daemon/io/service_traffic.h"
#include "load/in_flight.h"
#include "load/mix.h"
#include "load/schedule.h"
#include "load/window.h"
#include "model/ids.h"
#include "model/kpi.h"

namespace shadowd::io {

class ShadowTarget final : public ConnectionOwner {
 public:
  static constexpr size_t kConnectionsMax = 256;
  static constexpr size_t kWaitingMax = 2048;
  static constexpr Micros kDeadline = std::chrono::seconds(5);

  struct Place {
    model::ReplicaId shadow;
    std::string address;
    Endpoint endpoint;
  };

  ShadowTarget(ServiceTraffic& traffic, Place place, const load::Schedule& schedule, int epoll_fd);
  ShadowTarget(const ShadowTarget&) = delete;
  ShadowTarget& operator=(const ShadowTarget&) = delete;

  // A copy is due now. With a slot schedule it waits for its slot.
  void OfferCopy(const load::WireRequestPtr& request, MonoTime planned, MonoTime now);
  // Sends what the schedule has due; bounded per call. The next time it wants to be called, if any.
  std::optional<MonoTime> SendDue(load::Mix& mix, MonoTime now);
  void OnEvent(HttpConnection& connection, uint32_t events, std::span<char> buffer) override;
  // Deadlines and idle connections.
  void Sweep(MonoTime now);
  // Closes the window that began at the last call.
  model::KpiWindow CloseWindow(WallTime start, Micros length) { return window_.Close(start, length); }
  // Frees closed connections: epoll may still hand over events of theirs until a batch is done.
  void Bury() { graveyard_.clear(); }

  const Place& place() const { return place_; }
  load::Schedule& schedule() { return schedule_; }
  void Reschedule(const load::Schedule& schedule) { schedule_ = schedule; }

  MonoTime window_start;
  int instances = 1;  // that its schedule's arrivals are split over
  WallTime window_wall;

 private:
  void Submit(load::DueRequest request, MonoTime now);
  void Dispatch(load::DueRequest request);
  void Begin(HttpConnection& connection, load::DueRequest request);
  HttpConnection* TakeIdle();
  HttpConnection* Open();
  void OnProgress(HttpConnection& connection, HttpConnection::Progress progress);
  void OnAnswer(HttpConnection& connection);
  void OnBroken(HttpConnection& connection);
  void Drop(HttpConnection& connection);
  void ServeWaiting(HttpConnection* free_connection);

  ServiceTraffic& traffic_;
  Place place_;
  load::Schedule schedule_;
  int epoll_fd_;
  load::InFlight in_flight_;
  load::InFlight copies_;  // that wait for a slot
  load::Window window_;
  std::vector<std::unique_ptr<HttpConnection>> connections_;
  std::vector<HttpConnection*> idle_;  // the most recently used last
  std::vector<std::unique_ptr<HttpConnection>> graveyard_;
};

}  // namespace shadowd::io
