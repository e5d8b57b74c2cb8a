// Sends requests to shadows, open loop, and measures them: one thread with one epoll set for all services. It
// sleeps until the next request is due (to the microsecond) or something arrives. Every second it closes the
// window of each shadow and passes the windows on; reading CPU and memory is left to whoever gets them, since
// it would make requests late. Owned by the data plane; Feed, Remove and Wake may be called from any thread.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "daemon/io/service_traffic.h"
#include "daemon/io/shadow_target.h"
#include "daemon/io/unique_fd.h"
#include "load/mix.h"
#include "model/ids.h"
#include "model/service.h"

namespace shadowd::io {

// What one service's shadows are to get, validated.
struct FeedPlan {
  struct Shadow {
    ShadowTarget::Place place;
    double rate_rps = 0;
    int instances = 1;
  };
  std::vector<Shadow> shadows;
  load::Schedule::Options schedule;  // of all: each has its instances and a seed made of this one
  std::vector<load::WireRequestPtr> fallback;
};

// A window as the sender saw it; CPU and memory are still missing.
struct ClosedWindow {
  model::ServiceId service;
  model::ReplicaId shadow;
  model::KpiWindow window;
};

class HttpSender {
 public:
  // Called on the sender's thread; must not block. An empty list says that a shadow was added: what it has
  // consumed up to now is not the load's.
  using WindowSink = std::function<void(std::vector<ClosedWindow>)>;

  static StatusOr<std::unique_ptr<HttpSender>> Create(WindowSink sink, std::function<Now()> clock);
  HttpSender(const HttpSender&) = delete;
  HttpSender& operator=(const HttpSender&) = delete;
  ~HttpSender();

  void Feed(std::shared_ptr<ServiceTraffic> traffic, FeedPlan plan);
  void Remove(std::shared_ptr<ServiceTraffic> traffic);
  void Wake();  // a queue that was empty has a copy
  void Stop();

 private:
  struct Command {
    std::shared_ptr<ServiceTraffic> traffic;
    FeedPlan plan;  // no shadows: remove
  };
  struct Service {
    Service(std::shared_ptr<ServiceTraffic> owner, std::vector<load::WireRequestPtr> fallback, uint64_t seed)
        : traffic(std::move(owner)), mix(std::move(fallback), seed) {}
    std::shared_ptr<ServiceTraffic> traffic;
    load::Mix mix;
    load::Schedule::Options options;
    std::vector<std::unique_ptr<ShadowTarget>> targets;
    std::deque<MirroredCopy> copies;  // in the order of their plan
  };

  HttpSender(UniqueFd epoll_fd, UniqueFd wake_fd, WindowSink sink, std::function<Now()> clock);
  void Post(Command command);
  void Run();
  void TakeCommands();
  void Apply(Command command, MonoTime now);
  void ApplyShadows(Service& service, FeedPlan& plan, MonoTime now);
  void TakeCopies(Service& service);
  MonoTime SendDue(MonoTime now);
  void SendCopies(Service& service, MonoTime now, MonoTime& wake);
  void Sweep(MonoTime now);
  void CloseWindows(MonoTime now);
  void WaitAndHandle(MonoTime wake);

  UniqueFd epoll_fd_;
  UniqueFd wake_fd_;
  WindowSink sink_;
  std::function<Now()> clock_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> has_commands_{false};
  absl::Mutex mutex_;  // guards the way from callers to the thread
  std::vector<Command> commands_ ABSL_GUARDED_BY(mutex_);

  // Of the sender's thread.
  std::map<model::ServiceId, std::unique_ptr<Service>> services_;
  std::vector<MirroredCopy> taken_;
  std::vector<char> buffer_;
  MonoTime next_sweep_;
  MonoTime next_close_;
  std::thread thread_;
};

}  // namespace shadowd::io
