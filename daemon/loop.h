// The control loop: one thread that owns the core and the read model. An event becomes a step; the step's
// mutations go to the store; when they are durable the read model takes them over, actions are done and
// replies sent, strictly in the order of the steps. A store that fails holds the queue back and is tried
// again each second: nothing is acknowledged or acted upon before it is on disk. Owned by App; Post, Read and
// Feed may be called from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "daemon/rpc/catalogue.h"
#include "daemon/rpc/dispatcher.h"
#include "ports/event.h"
#include "ports/outcome.h"

namespace shadowd::control {
class Core;
}
namespace shadowd::store {
class Store;
}

namespace shadowd::daemon {

// What the loop publishes for /metrics and GetStatus. Atomics: written by the loop, read by anybody.
struct LoopStats {
  std::atomic<uint64_t> events{0};
  std::atomic<uint64_t> dropped_windows{0};  // measurements that came while the loop was overloaded
  std::atomic<uint64_t> queue_depth{0};
  std::atomic<uint64_t> uncommitted{0};  // steps that wait for the store
  std::atomic<int64_t> lag_us{0};        // of the last event, from arrival to its step
  std::atomic<uint64_t> store_failures{0};
};

class Loop final : public Dispatcher {
 public:
  struct Options {
    size_t queue_max = 16384;        // events of callers; more are refused
    size_t uncommitted_max = 16384;  // steps waiting for the store; more refuse callers and drop measurements
    Catalogue::Options catalogue;
    // For the daemon's own figures; called on the loop's thread.
    std::function<void(const std::string& event, Micros lag)> on_event;
    std::function<void(size_t mutations, Micros took)> on_commit;
    // Sees each step of the core and what came out, in order; for the journal. Loop's thread.
    std::function<void(const ports::Event&, Now, const ports::Outcome&)> on_step;
  };
  struct Parts {  // borrowed
    control::Core& core;
    store::Store& store;
  };
  Loop(Options options, Parts parts);
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Before Run: what an action does. Called on the loop's thread.
  void SetExecutor(std::function<void(const ports::Action&)> executor);

  void Post(ports::Event event, std::function<void(StatusOr<ports::ReplyValue>)> done) override;
  void Read(std::function<void(Catalogue&)> read) override;
  bool Draining() const override { return draining_.load(std::memory_order_relaxed); }

  // Events of our own parts. Results of effects are never dropped; measurements are, under overload.
  void Feed(ports::Event event);

  // Fires TimerFired at `at`; a later call replaces an earlier one. Loop's thread.
  void ArmTimer(MonoTime at);
  // Runs `tick` each `period` on the loop's thread.
  void Every(Micros period, std::function<void()> tick);
  // Runs `call` on the loop's thread, in order with the events.
  void Run(std::function<void()> call);

  Catalogue& catalogue() { return catalogue_; }  // loop's thread, or before Run
  const LoopStats& stats() const { return stats_; }

  void RunUntilStopped();  // on the thread that becomes the loop
  void BeginDraining() { draining_.store(true); }
  // The core hears of nothing more. Parts that are being stopped report ends that say nothing of the service:
  // a trial would be decided by them, and production changed on the way out.
  void EndSteps() { ended_.store(true); }
  void Stop();  // any thread; returns at once, RunUntilStopped ends after what is queued

 private:
  struct Impl;
  struct Batch;
  void Step(const ports::Event& event, MonoTime arrived,
            std::function<void(StatusOr<ports::ReplyValue>)> done);
  void Submit();
  void OnCommitted(uint64_t sequence, const StatusOr<int64_t>& revision);
  void Finish();
  void Complete(Batch& batch);
  void CountUncommitted();

  Options options_;
  Parts parts_;
  Catalogue catalogue_;
  LoopStats stats_;
  std::function<void(const ports::Action&)> executor_;
  std::atomic<bool> draining_{false};
  std::atomic<bool> ended_{false};
  std::unique_ptr<Impl> impl_;
};

Now ReadClocks();  // both clocks, for the edges that make events

}  // namespace shadowd::daemon
