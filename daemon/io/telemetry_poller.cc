#include "daemon/io/telemetry_poller.h"

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "daemon/io/access_log_source.h"
#include "daemon/io/http_client.h"
#include "daemon/io/http_pace.h"
#include "daemon/io/monotonic_clock.h"
#include "daemon/io/prometheus_source.h"
#include "daemon/io/scrape_source.h"
#include "daemon/io/thread_start.h"

namespace shadowd::io {
namespace {

constexpr int kThreads = 4;
constexpr int kBackoffMost = 3;  // doublings
constexpr Micros kPauseMost = std::chrono::hours(1);

std::unique_ptr<TelemetrySource> SourceOf(const model::ServiceSpec& spec, WallTime known_until) {
  if (spec.telemetry.prometheus) {
    return std::make_unique<PrometheusSource>(spec, known_until);
  }
  if (spec.telemetry.scrape) {
    return std::make_unique<ScrapeSource>(spec);
  }
  if (spec.telemetry.access_log) {
    return std::make_unique<AccessLogSource>(spec);
  }
  return nullptr;
}

}  // namespace

class TelemetryPoller::Impl {
 public:
  Impl(Sink sink, WallReader wall, ErrorSink on_error)
      : sink_(std::move(sink)), wall_(std::move(wall)), on_error_(std::move(on_error)) {}
  ~Impl() { Stop(); }

  void Observe(const model::ServiceSpec& spec, WallTime known_until) {
    const absl::MutexLock lock(&mutex_);
    const auto known = watches_.find(spec.id);
    if (known != watches_.end() && known->second->telemetry == spec.telemetry &&
        known->second->resolution == spec.forecast.resolution) {
      return;
    }
    Remove(spec.id);
    std::unique_ptr<TelemetrySource> source = SourceOf(spec, known_until);
    if (source == nullptr || stop_) {
      return;
    }
    auto watch = std::make_shared<Watch>();
    watch->service = spec.id;
    watch->telemetry = spec.telemetry;
    watch->resolution = spec.forecast.resolution;
    watch->source = std::move(source);
    watch->due = ReadMonoTime();
    due_.emplace(watch->due, spec.id);
    watches_[spec.id] = std::move(watch);
    while (threads_.size() < kThreads) {
      threads_.push_back(StartThread("shadowd-poll", [this] { Run(); }));
    }
  }

  void Forget(const model::ServiceId& service) {
    const absl::MutexLock lock(&mutex_);
    Remove(service);
  }

  void Stop() {
    std::vector<std::thread> threads;
    {
      const absl::MutexLock lock(&mutex_);
      stop_ = true;
      threads.swap(threads_);
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }

 private:
  struct Watch {
    model::ServiceId service;
    model::TelemetrySpec telemetry;
    Micros resolution{0};
    std::unique_ptr<TelemetrySource> source;  // used by the thread that has taken the watch out of due_
    MonoTime due;
    int failures = 0;
    Status told;
  };

  void Remove(const model::ServiceId& service) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (const auto found = watches_.find(service); found != watches_.end()) {
      due_.erase({found->second->due, service});
      watches_.erase(found);
    }
  }

  // The watch whose round is due, taken out of the queue; null when the poller stops.
  std::shared_ptr<Watch> Take() {
    const absl::MutexLock lock(&mutex_);
    for (;;) {
      if (stop_) {
        return nullptr;
      }
      Micros left = std::chrono::hours(1);
      if (!due_.empty()) {
        left = due_.begin()->first - ReadMonoTime();
        if (left <= Micros(0)) {
          const std::shared_ptr<Watch> watch = watches_.at(due_.begin()->second);
          due_.erase(due_.begin());
          return watch;
        }
      }
      // Woken by what changes the queue too: a new source is asked at once.
      const MonoTime first = due_.empty() ? MonoTime::max() : due_.begin()->first;
      const auto changed = [this, first]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return stop_ || (due_.empty() ? MonoTime::max() : due_.begin()->first) != first;
      };
      mutex_.AwaitWithTimeout(absl::Condition(&changed), absl::Microseconds(left.count()));
    }
  }

  void Run() {
    HttpClient client(&stop_, &pace_);
    while (const std::shared_ptr<Watch> watch = Take()) {
      const Polled polled = watch->source->Poll(client, wall_());
      Deliver(*watch, polled);
      PutBack(watch, polled);
    }
  }

  void Deliver(Watch& watch, const Polled& polled) {
    {
      const absl::MutexLock lock(&mutex_);
      const auto known = watches_.find(watch.service);
      if (stop_ || known == watches_.end() || known->second.get() != &watch) {
        return;  // forgotten or replaced meanwhile
      }
    }
    for (const ports::Payload& payload : polled.events) {
      sink_({watch.service, payload, 0, "telemetry"});
    }
    if (watch.told != polled.status && on_error_) {
      on_error_(watch.service, polled.status);
    }
    watch.told = polled.status;
  }

  void PutBack(const std::shared_ptr<Watch>& watch, const Polled& polled) {
    watch->failures =
        polled.events.empty() && !polled.status.ok() ? std::min(watch->failures + 1, kBackoffMost) : 0;
    const Micros interval = watch->source->interval();
    Micros pause = interval * (1 << watch->failures);
    pause = std::clamp(polled.retry_after, pause, std::max(pause, kPauseMost));
    const absl::MutexLock lock(&mutex_);
    const auto known = watches_.find(watch->service);
    if (stop_ || known == watches_.end() || known->second != watch) {
      return;
    }
    // A round that took long does not make the next one come sooner.
    watch->due = std::max(watch->due + pause, ReadMonoTime() + interval / 2);
    due_.emplace(watch->due, watch->service);
  }

  const Sink sink_;
  const WallReader wall_;
  const ErrorSink on_error_;
  HttpPace pace_{kQuestionsPerSecond};
  std::atomic<bool> stop_{false};
  absl::Mutex mutex_;
  std::map<model::ServiceId, std::shared_ptr<Watch>> watches_ ABSL_GUARDED_BY(mutex_);
  std::set<std::pair<MonoTime, model::ServiceId>> due_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
};

TelemetryPoller::TelemetryPoller(Sink sink, WallReader wall, ErrorSink on_error)
    : impl_(std::make_unique<Impl>(std::move(sink), std::move(wall), std::move(on_error))) {}
TelemetryPoller::~TelemetryPoller() = default;

void TelemetryPoller::Observe(const model::ServiceSpec& spec, WallTime known_until) {
  impl_->Observe(spec, known_until);
}
void TelemetryPoller::Forget(const model::ServiceId& service) {
  impl_->Forget(service);
}
void TelemetryPoller::Stop() {
  impl_->Stop();
}

}  // namespace shadowd::io
