// The books of a mirror: what was seen, what was chosen, what was sent, and what was lost, by cause. A tap
// that loses silently proves nothing, so the ratio is always published beside the figures. Plain values.
#pragma once

#include <cstdint>

namespace shadowd::mirror {

struct Completeness {
  uint64_t packets = 0;            // handed to the parser
  uint64_t captured = 0;           // requests read whole
  uint64_t skipped_by_policy = 0;  // of those: method, body, target or already a copy
  uint64_t sampled = 0;            // of the rest, chosen by the hash
  uint64_t copies_due = 0;         // sampled times the shadows fed at that moment
  uint64_t copies_sent = 0;
  uint64_t dropped_by_tap = 0;    // packets: the ring was full
  uint64_t dropped_by_queue = 0;  // copies: a queue on the way to a shadow was full
  uint64_t parse_lost = 0;        // requests seen in part
  uint64_t fragments = 0;         // IP fragments whose packet never became whole
  uint64_t evicted_flows = 0;     // connections forgotten for want of room

  // Share of production's requests that were read whole. A packet that the ring dropped counts as one
  // request: an upper bound of the harm.
  double Capture() const {
    const uint64_t lost = dropped_by_tap + parse_lost;
    return captured + lost == 0 ? 1.0 : static_cast<double>(captured) / static_cast<double>(captured + lost);
  }
  // Share of the copies due that were not dropped on the way.
  double Delivery() const {
    return copies_due == 0 ? 1.0
                           : 1.0 - static_cast<double>(dropped_by_queue) / static_cast<double>(copies_due);
  }
  double Ratio() const { return Capture() * Delivery(); }

  bool operator==(const Completeness&) const = default;
};

}  // namespace shadowd::mirror
