// How often a server is asked at most: questions to one origin are spaced evenly, whoever asks. Any thread.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <atomic>
#include <map>
#include <string>

#include "base/time.h"

namespace shadowd::io {

class HttpPace {
 public:
  explicit HttpPace(double per_second) : gap_(FromSeconds(1 / per_second)) {}

  // When the next question to the origin may be put, if it is wanted now; that moment is then taken.
  MonoTime Reserve(const std::string& origin, MonoTime now);
  // Sleeps until the reserved moment; false when `stop` came true before.
  bool Await(const std::string& origin, const std::atomic<bool>* stop);

 private:
  static constexpr size_t kOriginsMax = 4096;

  const Micros gap_;
  absl::Mutex mutex_;
  std::map<std::string, MonoTime> next_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace shadowd::io
