// One tap with its thread: reads requests off the wire, lets policy and sampler choose, and hands the chosen
// ones to the sender's queue with the time at which they are due. That is a short, constant delay after
// capture, so that the spacing of real traffic survives the batches in which the kernel hands packets over.
// The share that is sampled follows the measured demand, so that copies alone never exceed the smallest feed.
// Owned by the data plane; SetPlan may be called from any thread.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/status.h"
#include "daemon/io/service_traffic.h"
#include "daemon/io/tap_socket.h"
#include "daemon/io/unique_fd.h"
#include "mirror/policy.h"

namespace shadowd::io {

struct TapPlan {
  mirror::Policy policy;
  double percent = 0;
  double smallest_feed_rps = 0;
  double production_rps = 0;  // until the tap has measured it itself
  size_t shadows = 0;
  uint64_t salt = 0;
};

class Tap {
 public:
  static constexpr Micros kReplayDelay = std::chrono::milliseconds(15);

  // `wake` is called on the tap's thread when the sender may be asleep.
  static StatusOr<std::unique_ptr<Tap>> Open(const std::string& interface, uint16_t port,
                                             std::shared_ptr<ServiceTraffic> traffic, TapPlan plan,
                                             std::function<void()> wake);
  Tap(const Tap&) = delete;
  Tap& operator=(const Tap&) = delete;
  ~Tap();

  void SetPlan(TapPlan plan);
  void RequestStop();  // returns at once; the destructor waits for the thread
  bool Is(const std::string& interface, uint16_t port) const {
    return interface_ == interface && port_ == port;
  }

 private:
  class Stage;

  Tap(std::unique_ptr<TapSocket> socket, UniqueFd stop_fd, std::string interface, uint16_t port,
      TapPlan plan);
  void Run(std::shared_ptr<ServiceTraffic> traffic, const std::function<void()>& wake);
  bool Wait();  // false: stop
  std::shared_ptr<const TapPlan> TakePlan();

  std::unique_ptr<TapSocket> socket_;
  UniqueFd stop_fd_;
  const std::string interface_;
  const uint16_t port_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> plan_changed_{true};
  absl::Mutex mutex_;  // guards the plan on its way to the thread
  std::shared_ptr<const TapPlan> plan_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace shadowd::io
