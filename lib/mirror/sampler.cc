#include "mirror/sampler.h"

#include <algorithm>

namespace shadowd::mirror {

uint64_t MixHash(uint64_t hash, uint64_t with) {
  uint64_t z = hash ^ (with + 0x9e3779b97f4a7c15ULL + (hash << 6) + (hash >> 2));
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

uint64_t HashText(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  return MixHash(hash, text.size());
}

uint64_t RequestKey(const MirroredRequest& request, uint64_t flow, uint64_t ordinal) {
  if (const HeaderField* id = request.Find("x-request-id"); id != nullptr && !id->value.empty()) {
    return HashText(id->value);
  }
  // traceparent: version "-" trace id "-" parent id "-" flags; the trace id is what all spans share.
  if (const HeaderField* trace = request.Find("traceparent"); trace != nullptr && trace->value.size() >= 35) {
    return HashText(trace->value.substr(3, 32));
  }
  return MixHash(MixHash(HashText(request.target), flow), ordinal);
}

Sampler::Sampler(double share, uint64_t salt) : share_(std::clamp(share, 0.0, 1.0)), salt_(salt) {}

bool Sampler::Chosen(uint64_t key) const {
  return static_cast<double>(MixHash(key, salt_) >> 11) * 0x1.0p-53 < share_;
}

}  // namespace shadowd::mirror
