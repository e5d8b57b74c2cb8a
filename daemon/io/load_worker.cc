#include "daemon/io/load_worker.h"

#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <numeric>
#include <utility>

#include "daemon/io/http1_pool.h"
#include "daemon/io/http2_pool.h"
#include "daemon/io/monotonic_clock.h"

namespace shadowd::io {
namespace {

constexpr Micros kSweepEvery = std::chrono::milliseconds(20);
constexpr Micros kStillInTime = std::chrono::milliseconds(5);  // after the end, for what was due just before
// A core that slept is some 50 us late. Where there is time to sleep, the rest of it is waited for awake.
constexpr Micros kWakesEarly = std::chrono::microseconds(50);
constexpr Micros kLongSleep = std::chrono::microseconds(100);
constexpr size_t kBufferBytes = 64 * 1024;
constexpr int kEventsPerWait = 64;
constexpr int kSendsPerCall = 32;  // then answers are read again

double ThreadCpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

StatusOr<std::unique_ptr<LoadWorker>> LoadWorker::Create(const LoadOptions& options, int index) {
  UniqueFd epoll_fd(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_fd.valid()) {
    return ErrnoStatus(errno, "making an epoll set");
  }
  return std::unique_ptr<LoadWorker>(new LoadWorker(options, index, std::move(epoll_fd)));
}

LoadWorker::LoadWorker(const LoadOptions& options, int index, UniqueFd epoll_fd)
    : options_(options),
      index_(index),
      epoll_fd_(std::move(epoll_fd)),
      plan_(options.plan),
      rng_(options.plan.seed + static_cast<uint64_t>(index) * 7919 + 1),
      cumulative_(options.weights.size()),
      buffer_(kBufferBytes) {
  for (const std::string& route : options.routes) {
    counts_.routes.push_back({.name = route, .latency = {}});
  }
  std::partial_sum(options.weights.begin(), options.weights.end(), cumulative_.begin());
  const LoadRecorder recorder(counts_);
  if (options.http2) {
    pool_ = std::make_unique<Http2Pool>(options.target, recorder, epoll_fd_.get(), options.streams);
  } else {
    pool_ = std::make_unique<Http1Pool>(options.target, recorder, epoll_fd_.get());
  }
}

void LoadWorker::Run(MonoTime start, const std::atomic<bool>& stop) {
  prctl(PR_SET_TIMERSLACK, 1);
  const double cpu_before = ThreadCpuSeconds();
  start_ = start;
  end_ = start + FromSeconds(options_.plan.seconds);
  TakeNext();
  MonoTime next_sweep = start + kSweepEvery;
  for (MonoTime now = ReadMonoTime();; now = ReadMonoTime()) {
    const bool ended = stop.load(std::memory_order_relaxed);
    const bool sending = !ended && next_ && (now < end_ || now - *next_ < kStillInTime);
    if (!sending &&
        (pool_->unanswered() == 0 || ended || now >= end_ + options_.target.timeout + kSweepEvery)) {
      break;
    }
    if (now >= next_sweep) {
      pool_->Sweep(now);
      Publish();
      next_sweep = now + kSweepEvery;
    }
    const MonoTime wake = sending ? SendDue(now) : next_sweep;
    HandleEvents(std::min(wake, next_sweep));
  }
  for (; next_; TakeNext()) {  // planned within the run and not sent
    ++counts_.not_sent;
  }
  counts_.planned = counts_.sent + counts_.not_sent;
  Publish();
  cpu_seconds_ = ThreadCpuSeconds() - cpu_before;
}

void LoadWorker::TakeNext() {
  for (;;) {
    const std::optional<double> at = plan_.Next();
    if (!at || (options_.requests_max > 0 && position_ >= options_.requests_max)) {
      next_.reset();
      return;
    }
    if (position_++ % static_cast<uint64_t>(options_.threads) == static_cast<uint64_t>(index_)) {
      next_ = start_ + FromSeconds(*at);
      return;
    }
  }
}

// When to come again.
MonoTime LoadWorker::SendDue(MonoTime now) {
  for (int sent = 0; next_ && *next_ <= now; ++sent) {
    const std::optional<MonoTime> free_since = pool_->FreeSince(now);
    if (!free_since) {
      return MonoTime::max();  // an answer frees one
    }
    if (sent == kSendsPerCall) {
      return now;
    }
    const MonoTime possible = std::max(*next_, *free_since);
    counts_.send_lag.Record((now - std::min(now, possible)).count());
    counts_.connection_wait.Record((possible - *next_).count());
    ++counts_.sent;
    pool_->Send(Draw(), *next_);
    TakeNext();
    now = ReadMonoTime();
  }
  return next_ ? *next_ : MonoTime::max();
}

void LoadWorker::HandleEvents(MonoTime wake) {
  Micros left = std::max(Micros(0), wake - ReadMonoTime());
  if (left > kLongSleep) {
    left -= kWakesEarly;
  } else if (left <= kWakesEarly && next_ && wake == *next_) {
    left = Micros(0);
  }
  timespec timeout{};
  timeout.tv_sec = left.count() / 1'000'000;
  timeout.tv_nsec = left.count() % 1'000'000 * 1000;
  std::array<epoll_event, kEventsPerWait> events;
  const int count = epoll_pwait2(epoll_fd_.get(), events.data(), kEventsPerWait, &timeout, nullptr);
  for (int i = 0; i < count; ++i) {
    pool_->OnEvent(events[static_cast<size_t>(i)], buffer_);
    if (next_) {
      const MonoTime now = ReadMonoTime();
      if (*next_ <= now && now < end_) {
        SendDue(now);
      }
    }
  }
}

const load::WireRequestPtr& LoadWorker::Draw() {
  if (options_.requests.size() == 1) {
    return options_.requests[0];
  }
  const double at = rng_.Uniform() * cumulative_.back();
  const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), at);
  return options_
      .requests[std::min(static_cast<size_t>(found - cumulative_.begin()), options_.requests.size() - 1)];
}

void LoadWorker::Publish() {
  progress_.planned.store(counts_.sent + counts_.not_sent, std::memory_order_relaxed);
  progress_.sent.store(counts_.sent, std::memory_order_relaxed);
  progress_.completed.store(counts_.completed, std::memory_order_relaxed);
  progress_.errors.store(counts_.Errors(), std::memory_order_relaxed);
}

}  // namespace shadowd::io
