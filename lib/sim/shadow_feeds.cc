#include "sim/shadow_feeds.h"

#include <algorithm>
#include <utility>

namespace shadowd::sim {
namespace {

constexpr double kSilentRps = 1e-3;  // fewer than one request in a quarter of an hour

}  // namespace

void ShadowFeeds::Open(const model::ReplicaId& shadow, const model::ServiceId& service,
                       const PlantOptions& options, Now now) {
  Feed feed{service, Plant(options, rng_.Fork()), std::nullopt};
  feed.plant.Collect(now.mono, now.wall);
  feeds_.insert_or_assign(shadow, std::move(feed));
}

void ShadowFeeds::Set(const model::ServiceId& service, const ports::SetTraffic& traffic, MonoTime now) {
  for (auto& [id, feed] : feeds_) {
    if (feed.service != service) {
      continue;
    }
    const auto wanted = std::find_if(traffic.feeds.begin(), traffic.feeds.end(),
                                     [&id](const ports::ShadowFeed& f) { return f.shadow == id; });
    if (wanted == traffic.feeds.end() || wanted->rate_rps < kSilentRps) {
      feed.arrivals.reset();
    } else {  // anew at each rate: a Poisson stream forgets, and a gap drawn at a low rate must not last
      feed.arrivals.emplace(wanted->rate_rps, now, rng_.Fork());
    }
  }
}

void ShadowFeeds::Silence() {
  for (auto& [id, feed] : feeds_) {
    feed.arrivals.reset();
  }
}

std::vector<ShadowFeeds::Seen> ShadowFeeds::Serve(MonoTime to, WallTime label) {
  std::vector<Seen> windows;
  for (auto& [id, feed] : feeds_) {
    uint64_t sent = 0;
    while (feed.arrivals && feed.arrivals->Peek() < to) {
      feed.plant.Offer(feed.arrivals->Take());
      ++sent;
    }
    model::KpiWindow window = feed.plant.Collect(to, label);
    if (!feed.arrivals) {
      continue;
    }
    window.synthetic = sent;
    windows.push_back({feed.service, {id, std::move(window)}});
  }
  return windows;
}

}  // namespace shadowd::sim
