#include "daemon/io/data_plane.h"

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <algorithm>
#include <map>
#include <utility>

#include "daemon/io/http_sender.h"
#include "daemon/io/tap.h"
#include "daemon/io/window_reporter.h"
#include "mirror/completeness.h"

namespace shadowd::io {
namespace {

StatusOr<FeedPlan> MakeFeedPlan(const ports::SetTraffic& traffic, const mirror::Policy& policy,
                                const std::string& host) {
  FeedPlan plan;
  for (size_t i = 0; i < traffic.feeds.size(); ++i) {
    const ports::ShadowFeed& feed = traffic.feeds[i];
    const std::string field = fmt::format("feeds[{}].address", i);
    SHADOWD_ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(feed.address, field));
    if (!(feed.rate_rps >= 0)) {
      return InvalidArgument("feeds[{}].rate_rps: {} is not a rate", i, feed.rate_rps);
    }
    plan.shadows.push_back({{feed.shadow, feed.address, endpoint},
                            std::min(feed.rate_rps, traffic.load.max_rps_per_shadow),
                            std::max(1, feed.instances)});
  }
  plan.schedule.balancing = traffic.balancing;
  plan.schedule.synthetic = traffic.load.enabled;
  plan.schedule.seed = traffic.seed;
  for (const std::string& path : traffic.load.paths) {
    auto request = std::make_shared<load::WireRequest>();
    policy.RenderSynthetic(path, host, request->bytes);
    plan.fallback.push_back(std::move(request));
  }
  return plan;
}

TapPlan MakeTapPlan(const ports::SetTraffic& traffic, const FeedPlan& feeds, mirror::Policy policy) {
  TapPlan plan;
  plan.policy = std::move(policy);
  plan.percent = std::clamp(traffic.mirror.percent, 0.0, 100.0);
  plan.production_rps = traffic.production_rps;
  plan.shadows = feeds.shadows.size();
  plan.salt = traffic.seed;
  plan.smallest_feed_rps = feeds.shadows.front().rate_rps;
  for (const FeedPlan::Shadow& shadow : feeds.shadows) {
    plan.smallest_feed_rps = std::min(plan.smallest_feed_rps, shadow.rate_rps);
  }
  return plan;
}

// What the schedules reckon with before the first copies were counted.
double ExpectedCopies(const TapPlan& plan) {
  return std::min(plan.percent / 100.0 * plan.production_rps, plan.smallest_feed_rps);
}

}  // namespace

class DataPlane::Impl {
 public:
  Impl(Sink sink, std::function<std::vector<Usage>()> usage) : reporter_(std::move(sink), std::move(usage)) {}

  Status Start(std::function<Now()> clock) {
    SHADOWD_ASSIGN_OR_RETURN(
        sender_,
        HttpSender::Create([this](std::vector<ClosedWindow> windows) { reporter_.Post(std::move(windows)); },
                           std::move(clock)));
    return absl::OkStatus();
  }

  Status Set(const model::ServiceId& service, const ports::SetTraffic& traffic);
  TrafficStats Stats(const model::ServiceId& service) const;
  void Stop();

 private:
  struct Entry {
    std::shared_ptr<ServiceTraffic> traffic;
    std::unique_ptr<Tap> tap;
  };

  Status SetTap(Entry& entry, const model::MirrorSpec& mirror, TapPlan plan)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndTap(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  WindowReporter reporter_;
  std::unique_ptr<HttpSender> sender_;
  mutable absl::Mutex mutex_;  // Set and Stats may come from any thread
  std::map<model::ServiceId, Entry> services_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

Status DataPlane::Impl::Set(const model::ServiceId& service, const ports::SetTraffic& traffic) {
  const absl::MutexLock lock(&mutex_);
  if (stopped_) {
    return FailedPrecondition("the data plane has been stopped");
  }
  Entry& entry = services_[service];
  if (entry.traffic == nullptr) {
    entry.traffic = std::make_shared<ServiceTraffic>(service);
  }
  if (traffic.feeds.empty()) {
    entry.traffic->active.store(false, std::memory_order_release);
    sender_->Remove(entry.traffic);
    EndTap(entry);
    return absl::OkStatus();
  }
  const mirror::Policy policy(traffic.mirror.methods, traffic.mirror.marker_header);
  SHADOWD_ASSIGN_OR_RETURN(FeedPlan feeds, MakeFeedPlan(traffic, policy, service.str()));
  TapPlan tap_plan = MakeTapPlan(traffic, feeds, policy);
  const bool mirrors = !traffic.mirror.interface.empty() && tap_plan.percent > 0;
  if (!entry.traffic->active.load(std::memory_order_acquire)) {
    entry.traffic->Clear();
  }
  feeds.schedule.mirrored_expected = mirrors ? ExpectedCopies(tap_plan) : 0;
  if (mirrors) {
    SHADOWD_RETURN_IF_ERROR(SetTap(entry, traffic.mirror, std::move(tap_plan)));
  } else {
    EndTap(entry);
  }
  entry.traffic->active.store(true, std::memory_order_release);
  sender_->Feed(entry.traffic, std::move(feeds));
  return absl::OkStatus();
}

Status DataPlane::Impl::SetTap(Entry& entry, const model::MirrorSpec& mirror, TapPlan plan) {
  if (mirror.port < 1 || mirror.port > 65535) {
    return WithField(InvalidArgument("mirror.port: {} is not a port", mirror.port), "mirror.port");
  }
  const auto port = static_cast<uint16_t>(mirror.port);
  if (entry.tap != nullptr && entry.tap->Is(mirror.interface, port)) {
    entry.tap->SetPlan(std::move(plan));
    return absl::OkStatus();
  }
  SHADOWD_ASSIGN_OR_RETURN(std::unique_ptr<Tap> tap, Tap::Open(mirror.interface, port, entry.traffic,
                                                               std::move(plan), [this] { sender_->Wake(); }));
  EndTap(entry);
  entry.tap = std::move(tap);
  return absl::OkStatus();
}

void DataPlane::Impl::EndTap(Entry& entry) {
  if (entry.tap != nullptr) {
    reporter_.Retire(std::move(entry.tap));
  }
}

TrafficStats DataPlane::Impl::Stats(const model::ServiceId& service) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = services_.find(service);
  if (found == services_.end()) {
    return {};
  }
  const ServiceTraffic& traffic = *found->second.traffic;
  TrafficStats stats;
  stats.captured = traffic.captured.load(std::memory_order_relaxed);
  stats.sampled = traffic.sampled.load(std::memory_order_relaxed);
  stats.mirrored_sent = traffic.mirrored_sent.load(std::memory_order_relaxed);
  stats.synthetic_sent = traffic.synthetic_sent.load(std::memory_order_relaxed);
  stats.skipped_by_policy = traffic.skipped_by_policy.load(std::memory_order_relaxed);
  stats.dropped_by_tap = traffic.dropped_by_tap.load(std::memory_order_relaxed);
  stats.dropped_by_queue = traffic.dropped_by_queue.load(std::memory_order_relaxed);
  stats.parse_lost = traffic.parse_lost.load(std::memory_order_relaxed);
  mirror::Completeness books;
  books.captured = stats.captured;
  books.copies_due = traffic.copies_due.load(std::memory_order_relaxed);
  books.dropped_by_tap = stats.dropped_by_tap;
  books.dropped_by_queue = stats.dropped_by_queue;
  books.parse_lost = stats.parse_lost;
  stats.completeness = books.Ratio();
  return stats;
}

void DataPlane::Impl::Stop() {
  std::vector<std::unique_ptr<Tap>> taps;
  {
    const absl::MutexLock lock(&mutex_);
    stopped_ = true;
    for (auto& [id, entry] : services_) {
      entry.traffic->active.store(false, std::memory_order_release);
      if (entry.tap != nullptr) {
        entry.tap->RequestStop();
        taps.push_back(std::move(entry.tap));
      }
    }
  }
  taps.clear();
  if (sender_ != nullptr) {
    sender_->Stop();
  }
  reporter_.Stop();
}

StatusOr<std::unique_ptr<DataPlane>> DataPlane::Create(Sink sink, std::function<std::vector<Usage>()> usage,
                                                       std::function<Now()> clock) {
  auto impl = std::make_unique<Impl>(std::move(sink), std::move(usage));
  SHADOWD_RETURN_IF_ERROR(impl->Start(std::move(clock)));
  return std::unique_ptr<DataPlane>(new DataPlane(std::move(impl)));
}

DataPlane::DataPlane(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DataPlane::~DataPlane() {
  impl_->Stop();
}
Status DataPlane::Set(const model::ServiceId& service, const ports::SetTraffic& traffic) {
  return impl_->Set(service, traffic);
}
TrafficStats DataPlane::Stats(const model::ServiceId& service) const {
  return impl_->Stats(service);
}
void DataPlane::Stop() {
  impl_->Stop();
}

}  // namespace shadowd::io
