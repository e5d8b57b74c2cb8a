// What the tap thread, the sender thread and the caller share about one service: whether it is fed at all,
// the counters, and the queue of copies on their way from the tap to the sender. Shared ownership; every
// member may be used by any thread.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "load/wire_request.h"
#include "model/ids.h"

namespace shadowd::io {

// A sampled request on its way to the shadows.
struct MirroredCopy {
  load::WireRequestPtr request;
  std::string route;  // its group in the mix
  MonoTime planned;
};

class ServiceTraffic {
 public:
  static constexpr size_t kQueueMax = 4096;

  explicit ServiceTraffic(model::ServiceId service) : id(std::move(service)) {}
  ServiceTraffic(const ServiceTraffic&) = delete;
  ServiceTraffic& operator=(const ServiceTraffic&) = delete;

  // False when the queue is full and the copy was dropped. `was_empty`: the sender may be asleep.
  bool Push(MirroredCopy copy, bool& was_empty) {
    const absl::MutexLock lock(&mutex_);
    was_empty = queue_.empty();
    if (queue_.size() >= kQueueMax) {
      return false;
    }
    queue_.push_back(std::move(copy));
    has_copies_.store(true, std::memory_order_release);
    return true;
  }
  // Swaps the queue with `taken`, which must be empty.
  void Take(std::vector<MirroredCopy>& taken) {
    if (!has_copies_.load(std::memory_order_acquire)) {
      return;
    }
    const absl::MutexLock lock(&mutex_);
    queue_.swap(taken);
    has_copies_.store(false, std::memory_order_release);
  }
  // Forgets copies that a stopped tap left behind: they are of another time.
  void Clear() {
    const absl::MutexLock lock(&mutex_);
    queue_.clear();
    has_copies_.store(false, std::memory_order_release);
  }

  const model::ServiceId id;
  std::atomic<bool> active{false};  // nothing is sent while false

  std::atomic<uint64_t> captured{0};
  std::atomic<uint64_t> sampled{0};
  std::atomic<uint64_t> copies_due{0};
  std::atomic<uint64_t> mirrored_sent{0};
  std::atomic<uint64_t> synthetic_sent{0};
  std::atomic<uint64_t> skipped_by_policy{0};
  std::atomic<uint64_t> dropped_by_tap{0};
  std::atomic<uint64_t> dropped_by_queue{0};
  std::atomic<uint64_t> parse_lost{0};

 private:
  absl::Mutex mutex_;  // the tap and the sender meet here, for a push or a swap
  std::vector<MirroredCopy> queue_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> has_copies_{false};
};

}  // namespace shadowd::io
