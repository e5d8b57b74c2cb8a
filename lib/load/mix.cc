#include "load/mix.h"

#include <algorithm>
#include <utility>

namespace shadowd::load {
namespace {

constexpr uint64_t kFadeEvery = 4096;  // requests; then all weights are halved
constexpr std::string_view kOther = "*";

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsHexOrDash(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-';
}

// Numbers, and long hexadecimal words with a digit in them (hashes, UUIDs).
bool IsId(std::string_view segment) {
  if (segment.empty()) {
    return false;
  }
  const bool digits = std::all_of(segment.begin(), segment.end(), IsDigit);
  return digits || (segment.size() >= 16 && std::all_of(segment.begin(), segment.end(), IsHexOrDash) &&
                    std::any_of(segment.begin(), segment.end(), IsDigit));
}

}  // namespace

std::string RouteOf(std::string_view method, std::string_view target) {
  std::string route(method);
  route += ' ';
  std::string_view path = target.substr(0, target.find_first_of("?#"));
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    route += IsId(segment) ? std::string_view("*") : segment;
    if (slash == std::string_view::npos) {
      break;
    }
    route += '/';
    path.remove_prefix(slash + 1);
  }
  return route;
}

Mix::Mix(std::vector<WireRequestPtr> fallback, uint64_t seed) : fallback_(std::move(fallback)), rng_(seed) {}

void Mix::Add(const std::string& route, WireRequestPtr request) {
  auto found = groups_.find(route);
  if (found == groups_.end()) {
    const bool room = groups_.size() + 1 < kMaxGroups;
    found = groups_.try_emplace(room ? route : std::string(kOther)).first;
  }
  Group& group = found->second;
  group.weight += 1;
  total_weight_ += 1;
  ++group.seen;
  if (group.samples.size() < kSamplesPerGroup) {
    group.samples.push_back(std::move(request));
  } else if (const uint64_t place = rng_.Below(group.seen); place < kSamplesPerGroup) {
    group.samples[place] = std::move(request);
  }
  if (++since_fade_ >= kFadeEvery) {
    Fade();
  }
}

void Mix::Fade() {
  since_fade_ = 0;
  total_weight_ = 0;
  for (auto group = groups_.begin(); group != groups_.end();) {
    group->second.weight /= 2;
    group->second.seen = std::max<uint64_t>(group->second.seen / 2, kSamplesPerGroup);
    if (group->second.weight < 0.5) {
      group = groups_.erase(group);
    } else {
      total_weight_ += group->second.weight;
      ++group;
    }
  }
}

WireRequestPtr Mix::Draw() {
  if (groups_.empty()) {
    return fallback_.empty() ? nullptr : fallback_[rng_.Below(fallback_.size())];
  }
  double left = rng_.Uniform() * total_weight_;
  const Group* chosen = nullptr;
  for (const auto& [route, group] : groups_) {
    chosen = &group;
    left -= group.weight;
    if (left < 0) {
      break;
    }
  }
  return chosen->samples[rng_.Below(chosen->samples.size())];
}

}  // namespace shadowd::load
