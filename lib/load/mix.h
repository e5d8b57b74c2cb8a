// What synthetic requests look like: like the mirrored ones. Requests are grouped by method and route (the
// path with numbers and long ids replaced), each group with its weight and a small reservoir of real ones
// (Vitter 1985, algorithm R). A draw picks a group by weight, then one of its samples. Weights fade, so that
// the mix follows production. Until something was mirrored, the configured requests are drawn in equal parts.
// Bounded; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "load/wire_request.h"

namespace shadowd::load {

// "GET /users/123/posts?page=2" becomes "GET /users/*/posts".
std::string RouteOf(std::string_view method, std::string_view target);

class Mix {
 public:
  static constexpr size_t kMaxGroups = 64;
  static constexpr size_t kSamplesPerGroup = 16;

  Mix(std::vector<WireRequestPtr> fallback, uint64_t seed);

  void Add(const std::string& route, WireRequestPtr request);
  void SetFallback(std::vector<WireRequestPtr> fallback) { fallback_ = std::move(fallback); }
  // Null only when nothing was mirrored and there is no fallback.
  WireRequestPtr Draw();
  size_t groups() const { return groups_.size(); }

 private:
  struct Group {
    double weight = 0;
    uint64_t seen = 0;
    std::vector<WireRequestPtr> samples;
  };

  void Fade();

  std::vector<WireRequestPtr> fallback_;
  Rng rng_;
  std::map<std::string, Group, std::less<>> groups_;
  double total_weight_ = 0;
  uint64_t since_fade_ = 0;
};

}  // namespace shadowd::load
