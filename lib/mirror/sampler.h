// Chooses which requests are mirrored, by hash and not by chance: the same request is chosen on every host
// and for every shadow, so that arms are compared on the same requests. The key is the request's own id where
// it carries one (X-Request-Id, or the trace id of traceparent), else its target with the flow and its number
// on that flow. Value type.
#pragma once

#include <cstdint>

#include "mirror/mirrored_request.h"

namespace shadowd::mirror {

uint64_t HashText(std::string_view text);        // FNV-1a, then mixed
uint64_t MixHash(uint64_t hash, uint64_t with);  // depends on both; for salts

// `flow` and `ordinal` tell requests without an id apart.
uint64_t RequestKey(const MirroredRequest& request, uint64_t flow, uint64_t ordinal);

class Sampler {
 public:
  Sampler() = default;
  // share: 0 (none) to 1 (all), any fraction between; values outside are cut.
  Sampler(double share, uint64_t salt);

  // For one salt, what is chosen at a smaller share is a subset of what is chosen at a larger one.
  bool Chosen(uint64_t key) const;
  double share() const { return share_; }

 private:
  double share_ = 0;
  uint64_t salt_ = 0;
};

}  // namespace shadowd::mirror
