#include "daemon/io/http_pace.h"

#include <algorithm>
#include <thread>

#include "daemon/io/monotonic_clock.h"

namespace shadowd::io {

MonoTime HttpPace::Reserve(const std::string& origin, MonoTime now) {
  const absl::MutexLock lock(&mutex_);
  if (next_.size() >= kOriginsMax) {
    std::erase_if(next_, [now](const auto& item) { return item.second <= now; });
  }
  MonoTime& next = next_[origin];
  const MonoTime at = std::max(next, now);
  next = at + gap_;
  return at;
}

bool HttpPace::Await(const std::string& origin, const std::atomic<bool>* stop) {
  const MonoTime at = Reserve(origin, ReadMonoTime());
  constexpr Micros kSlice = std::chrono::milliseconds(100);
  for (Micros left = at - ReadMonoTime(); left > Micros(0); left = at - ReadMonoTime()) {
    if (stop != nullptr && stop->load()) {
      return false;
    }
    std::this_thread::sleep_for(std::min(left, kSlice));
  }
  return stop == nullptr || !stop->load();
}

}  // namespace shadowd::io
