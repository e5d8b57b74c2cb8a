#include "daemon/io/tap.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "daemon/io/monotonic_clock.h"
#include "daemon/io/thread_start.h"
#include "load/mix.h"
#include "mirror/extractor.h"
#include "mirror/sampler.h"

namespace shadowd::io {
namespace {

constexpr int kTickMs = 100;
constexpr Micros kTick = std::chrono::milliseconds(kTickMs);
constexpr Micros kMeasureEvery = std::chrono::milliseconds(200);
constexpr double kMeasureSeconds = 1.0;  // time constant of the measured rate
// Copies are random in number: aiming at the very rate of the smallest feed would exceed it half of the time.
constexpr double kShareHeadroom = 0.95;

}  // namespace

// The tap thread's part of the pipeline behind the extractor.
class Tap::Stage : public mirror::RequestSink {
 public:
  Stage(ServiceTraffic& traffic, const std::function<void()>& wake, MonoTime now)
      : traffic_(traffic), wake_(wake), measured_at_(now), started_at_(now) {}

  void SetPlan(std::shared_ptr<const TapPlan> plan) {
    plan_ = std::move(plan);
    Resample();
  }
  void SetTime(MonoTime captured, MonoTime now) { due_ = std::max(captured + kReplayDelay, now); }

  bool WantsBody(const mirror::MirroredRequest& head) override {
    return plan_->policy.AllowsMethod(head.method);
  }

  void OnRequest(const mirror::MirroredRequest& request, uint64_t key) override {
    traffic_.captured.fetch_add(1, std::memory_order_relaxed);
    if (plan_->policy.Judge(request) != mirror::Policy::Verdict::kMirror) {
      traffic_.skipped_by_policy.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    ++eligible_;
    if (!sampler_.Chosen(key)) {
      return;
    }
    traffic_.sampled.fetch_add(1, std::memory_order_relaxed);
    traffic_.copies_due.fetch_add(plan_->shadows, std::memory_order_relaxed);
    HandOver(request);
  }

  // Measures the rate of requests that may be mirrored, and adapts the share to it.
  void Measure(MonoTime now) {
    const double length = ToSeconds(now - measured_at_);
    if (now - measured_at_ < kMeasureEvery) {
      return;
    }
    const double rate = static_cast<double>(eligible_) / length;
    measured_rps_ =
        now - started_at_ < FromSeconds(kMeasureSeconds)
            ? static_cast<double>(eligible_total_ + eligible_) / ToSeconds(now - started_at_)
            : measured_rps_ + (1.0 - std::exp(-length / kMeasureSeconds)) * (rate - measured_rps_);
    eligible_total_ += eligible_;
    eligible_ = 0;
    measured_at_ = now;
    measured_ = measured_ || now - started_at_ >= FromSeconds(kMeasureSeconds);
    Resample();
  }

 private:
  void Resample() {
    const double demand = measured_ ? measured_rps_ : plan_->production_rps;
    double share = plan_->percent / 100.0;
    if (demand > 0) {
      share = std::min(share, kShareHeadroom * plan_->smallest_feed_rps / demand);
    }
    sampler_ = mirror::Sampler(share, plan_->salt);
  }

  void HandOver(const mirror::MirroredRequest& request) {
    auto wire = std::make_shared<load::WireRequest>();
    plan_->policy.Render(request, wire->bytes);
    wire->head = request.method == "HEAD";
    wire->safe =
        request.body.empty() && (wire->head || request.method == "GET" || request.method == "OPTIONS");
    bool was_empty = false;
    if (!traffic_.Push({std::move(wire), load::RouteOf(request.method, request.target), due_}, was_empty)) {
      traffic_.dropped_by_queue.fetch_add(plan_->shadows, std::memory_order_relaxed);
    } else if (was_empty) {
      wake_();
    }
  }

  ServiceTraffic& traffic_;
  const std::function<void()>& wake_;
  std::shared_ptr<const TapPlan> plan_;
  mirror::Sampler sampler_;
  MonoTime due_;
  MonoTime measured_at_;
  MonoTime started_at_;
  uint64_t eligible_ = 0;
  uint64_t eligible_total_ = 0;
  double measured_rps_ = 0;
  bool measured_ = false;
};

StatusOr<std::unique_ptr<Tap>> Tap::Open(const std::string& interface, uint16_t port,
                                         std::shared_ptr<ServiceTraffic> traffic, TapPlan plan,
                                         std::function<void()> wake) {
  SHADOWD_ASSIGN_OR_RETURN(std::unique_ptr<TapSocket> socket, TapSocket::Open(interface, port));
  UniqueFd stop_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_fd.valid()) {
    return ErrnoStatus(errno, "making the tap's stop event");
  }
  std::unique_ptr<Tap> tap(new Tap(std::move(socket), std::move(stop_fd), interface, port, std::move(plan)));
  tap->thread_ = StartThread("shadowd-tap", [raw = tap.get(), traffic = std::move(traffic),
                                             wake = std::move(wake)] { raw->Run(traffic, wake); });
  return tap;
}

Tap::Tap(std::unique_ptr<TapSocket> socket, UniqueFd stop_fd, std::string interface, uint16_t port,
         TapPlan plan)
    : socket_(std::move(socket)),
      stop_fd_(std::move(stop_fd)),
      interface_(std::move(interface)),
      port_(port),
      plan_(std::make_shared<const TapPlan>(std::move(plan))) {}

Tap::~Tap() {
  RequestStop();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Tap::RequestStop() {
  stop_.store(true, std::memory_order_release);
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(stop_fd_.get(), &one, sizeof(one));
}

void Tap::SetPlan(TapPlan plan) {
  auto shared = std::make_shared<const TapPlan>(std::move(plan));
  const absl::MutexLock lock(&mutex_);
  plan_ = std::move(shared);
  plan_changed_.store(true, std::memory_order_release);
}

std::shared_ptr<const TapPlan> Tap::TakePlan() {
  const absl::MutexLock lock(&mutex_);
  plan_changed_.store(false, std::memory_order_release);
  return plan_;
}

bool Tap::Wait() {
  pollfd fds[2] = {{socket_->fd(), POLLIN, 0}, {stop_fd_.get(), POLLIN, 0}};
  poll(fds, 2, kTickMs);
  return !stop_.load(std::memory_order_acquire);
}

void Tap::Run(std::shared_ptr<ServiceTraffic> traffic, const std::function<void()>& wake) {
  MonoTime now = ReadMonoTime();
  Stage stage(*traffic, wake, now);
  mirror::Extractor::Options options;
  options.link = socket_->link();
  options.port = port_;
  mirror::Extractor extractor(stage, options);
  const TapSocket::FrameSink on_frame = [&](mirror::Bytes frame, MonoTime captured) {
    stage.SetTime(captured, now);
    extractor.OnFrame(frame, captured);
  };
  MonoTime next_tick = now + kTick;
  uint64_t lost_before = 0;
  do {
    if (plan_changed_.load(std::memory_order_acquire)) {
      stage.SetPlan(TakePlan());
    }
    now = ReadMonoTime();
    socket_->Read(on_frame);
    if (now >= next_tick) {
      next_tick = now + kTick;
      stage.SetTime(now, now);
      extractor.OnTime(now);
      stage.Measure(now);
      traffic->dropped_by_tap.fetch_add(socket_->TakeDrops(), std::memory_order_relaxed);
      const uint64_t lost = extractor.counts().parse_lost;
      traffic->parse_lost.fetch_add(lost - std::exchange(lost_before, lost), std::memory_order_relaxed);
    }
  } while (Wait());
}

}  // namespace shadowd::io
