#include "daemon/io/mirror_run.h"

#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "base/token_bucket.h"
#include "daemon/io/http1_pool.h"
#include "daemon/io/mirror_source.h"
#include "daemon/io/monotonic_clock.h"
#include "mirror/extractor.h"
#include "mirror/sampler.h"

namespace shadowd::io {
namespace {

constexpr size_t kWaitingMax = 4096;  // copies of one place
constexpr size_t kMethodsMax = 32;
constexpr size_t kBufferBytes = 64 * 1024;
constexpr int kEventsPerWait = 128;
constexpr Micros kSweepEvery = std::chrono::milliseconds(20);
constexpr Micros kWatchEvery = std::chrono::seconds(1);
constexpr Micros kAnswersTake = std::chrono::seconds(5);  // that were not there when the source was over

double ThreadCpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

const char* RuleOf(mirror::Policy::Verdict verdict) {
  switch (verdict) {
    case mirror::Policy::Verdict::kMethod:
      return "method";
    case mirror::Policy::Verdict::kBody:
      return "body";
    case mirror::Policy::Verdict::kCopy:
      return "copy";
    default:
      return "unsafe";
  }
}

// One place that gets copies, with those that wait for a connection.
struct Place {
  Place(const LoadTarget& target, int epoll_fd) : pool(target, LoadRecorder(counts), epoll_fd) {}
  load::RunCounts counts;
  Http1Pool pool;
  struct Waiting {
    load::WireRequestPtr request;
    MonoTime since;
  };
  std::deque<Waiting> waiting;
};

class Mirror final : public mirror::RequestSink {
 public:
  Mirror(const MirrorOptions& options, UniqueFd epoll_fd, MonoTime now)
      : options_(options), sampler_(options.share, 0), epoll_fd_(std::move(epoll_fd)), buffer_(kBufferBytes) {
    for (const LoadTarget& target : options.places) {
      places_.push_back(std::make_unique<Place>(target, epoll_fd_.get()));
    }
    if (options.rate_max > 0) {
      cap_.emplace(options.rate_max, std::max(1.0, options.rate_max / 10), now);
    }
  }

  int epoll_fd() const { return epoll_fd_.get(); }
  void SetTime(MonoTime now) { now_ = now; }

  bool WantsBody(const mirror::MirroredRequest& head) override {
    return !places_.empty() && options_.policy.AllowsMethod(head.method);
  }

  void OnRequest(const mirror::MirroredRequest& request, uint64_t key) override {
    CountMethod(request.method);
    const mirror::Policy::Verdict verdict = options_.policy.Judge(request);
    if (verdict != mirror::Policy::Verdict::kMirror) {
      ++counts_.skipped_by_policy;
      ++result_.skipped[RuleOf(verdict)];
      return;
    }
    if (!sampler_.Chosen(key)) {
      return;
    }
    ++counts_.sampled;
    if (places_.empty()) {
      return;
    }
    if (cap_ && !cap_->Take(now_)) {
      ++result_.dropped_by_cap;
      return;
    }
    load::WireRequest wire;
    options_.policy.Render(request, wire.bytes);
    wire.head = request.method == "HEAD";
    const auto shared = std::make_shared<const load::WireRequest>(std::move(wire));
    counts_.copies_due += places_.size();
    for (const auto& place : places_) {
      if (place->waiting.size() == kWaitingMax) {
        ++counts_.dropped_by_queue;
      } else {
        place->waiting.push_back({shared, now_});
      }
    }
  }

  void SendWaiting() {
    for (const auto& place : places_) {
      while (!place->waiting.empty()) {
        if (!place->pool.FreeSince(now_)) {
          break;
        }
        ++counts_.copies_sent;
        ++place->counts.sent;
        const Place::Waiting copy = std::move(place->waiting.front());
        place->waiting.pop_front();
        place->pool.Send(copy.request, copy.since);
      }
    }
  }

  // Waits for events up to `wake`; true when the source, whose event has no connection, is readable.
  bool HandleEvents(MonoTime wake) {
    const Micros left = std::max(Micros(0), wake - ReadMonoTime());
    timespec timeout{};
    timeout.tv_sec = left.count() / 1'000'000;
    timeout.tv_nsec = left.count() % 1'000'000 * 1000;
    std::array<epoll_event, kEventsPerWait> events;
    const int count = epoll_pwait2(epoll_fd(), events.data(), kEventsPerWait, &timeout, nullptr);
    bool source = false;
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<size_t>(i)];
      if (event.data.ptr == nullptr) {
        source = true;
        continue;
      }
      auto& connection = *static_cast<HttpConnection*>(event.data.ptr);
      connection.owner().OnEvent(connection, event.events, buffer_);
    }
    return source;
  }

  void Sweep(MonoTime now) {
    for (const auto& place : places_) {
      place->pool.Sweep(now);
    }
  }

  size_t Outstanding() const {
    size_t sum = 0;
    for (const auto& place : places_) {
      sum += place->pool.unanswered() + place->waiting.size();
    }
    return sum;
  }

  // What has come to pass, with the extractor's part of the books.
  MirrorResult Result(const mirror::Completeness& read, uint64_t tap_drops) const {
    MirrorResult result = result_;
    result.counts = read;
    result.counts.skipped_by_policy = counts_.skipped_by_policy;
    result.counts.sampled = counts_.sampled;
    result.counts.copies_due = counts_.copies_due;
    result.counts.copies_sent = counts_.copies_sent;
    result.counts.dropped_by_queue = counts_.dropped_by_queue;
    result.counts.dropped_by_tap = tap_drops;
    for (const auto& place : places_) {
      result.places.push_back(place->counts);
    }
    return result;
  }

 private:
  void CountMethod(std::string_view method) {
    const std::string name(method);
    const bool known = result_.methods.contains(name) || result_.methods.size() + 1 < kMethodsMax;
    ++result_.methods[known ? name : "other"];
  }

  const MirrorOptions& options_;
  mirror::Sampler sampler_;
  UniqueFd epoll_fd_;
  std::vector<char> buffer_;
  MonoTime now_{};
  std::optional<TokenBucket> cap_;
  mirror::Completeness counts_;  // what this part counts
  MirrorResult result_;
  std::vector<std::unique_ptr<Place>> places_;
};

StatusOr<std::unique_ptr<MirrorSource>> OpenSource(const MirrorOptions& options, MonoTime now) {
  if (!options.interface.empty()) {
    return OpenTapSource(options.interface, options.port);
  }
  return options.vxlan ? OpenVxlanSource(options.vxlan_port)
                       : OpenFileSource(options.capture, !options.places.empty(), now);
}

Status Watch(int epoll_fd, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  if (fd >= 0 && epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
    return ErrnoStatus(errno, "watching the source");
  }
  return absl::OkStatus();
}

// Sends what waits and takes what has come. The source is read only while `reading`.
void Turn(Mirror& mirror, MirrorSource& source, mirror::Extractor& extractor, bool reading, MonoTime wake) {
  const auto read = [&] {
    const MonoTime now = ReadMonoTime();
    mirror.SetTime(now);
    source.Read(extractor, now);
  };
  const std::optional<MonoTime> next = source.next();
  if (reading && next && *next <= ReadMonoTime()) {
    read();
  }
  mirror.SetTime(ReadMonoTime());
  mirror.SendWaiting();
  if (mirror.HandleEvents(reading && next ? std::min(wake, *next) : wake) && reading) {
    read();
  }
}

}  // namespace

StatusOr<MirrorResult> RunMirror(const MirrorOptions& options, const std::atomic<bool>& stop,
                                 const std::function<void(const MirrorResult&)>& watch) {
  prctl(PR_SET_TIMERSLACK, 1);
  const double cpu_before = ThreadCpuSeconds();
  UniqueFd epoll_fd(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_fd.valid()) {
    return ErrnoStatus(errno, "making an epoll set");
  }
  const MonoTime start = ReadMonoTime();
  SHADOWD_ASSIGN_OR_RETURN(const std::unique_ptr<MirrorSource> source, OpenSource(options, start));
  Mirror mirror(options, std::move(epoll_fd), start);
  mirror::Extractor::Options extraction;
  extraction.link = source->link();
  extraction.port = options.port;
  mirror::Extractor extractor(mirror, extraction);
  SHADOWD_RETURN_IF_ERROR(Watch(mirror.epoll_fd(), source->fd()));
  const MonoTime end = options.duration > Micros(0) ? start + options.duration : MonoTime::max();
  MonoTime next_sweep = start, next_watch = start + kWatchEvery;
  std::optional<MonoTime> last_answers;  // set once the source is over
  uint64_t tap_drops = 0;
  for (MonoTime now = start;; now = ReadMonoTime()) {
    const bool stopped = stop.load(std::memory_order_relaxed);
    if (!last_answers && (stopped || now >= end || source->over())) {
      last_answers = now + kAnswersTake;
    }
    if (last_answers && (mirror.Outstanding() == 0 || stopped || now >= *last_answers)) {
      break;
    }
    Turn(mirror, *source, extractor, !last_answers, next_sweep);
    if (now >= next_sweep) {
      next_sweep = now + kSweepEvery;
      mirror.Sweep(now);
      tap_drops += source->TakeDrops();
      if (source->fd() >= 0) {
        extractor.OnTime(now);
      }
    }
    if (now >= next_watch) {
      next_watch = now + kWatchEvery;
      watch(mirror.Result(extractor.counts(), tap_drops));
    }
  }
  MirrorResult result = mirror.Result(extractor.counts(), tap_drops + source->TakeDrops());
  result.seconds = ToSeconds(ReadMonoTime() - start);
  result.cpu_seconds = ThreadCpuSeconds() - cpu_before;
  result.foreign = source->foreign();
  result.damaged = source->damaged();
  return result;
}

}  // namespace shadowd::io
