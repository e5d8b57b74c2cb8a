// Horizon blocks: steps 1, 2-3, 4-7, 8-15 ... share their margins and weights, since
// neighbouring horizons miss alike and a single one has too few samples to learn from.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace shadowd::forecast {

// h counts from 1.
constexpr size_t BlockOf(int h) {
  return static_cast<size_t>(std::bit_width(static_cast<uint32_t>(h))) - 1;
}
constexpr size_t BlockCount(int horizon) {
  return BlockOf(horizon) + 1;
}
// The step at which a block is scored: near its end, so that the block's limits are not too narrow there.
constexpr int BlockProbe(size_t block, int horizon) {
  const int first = 1 << block;
  const int last = 2 * first - 1 < horizon ? 2 * first - 1 : horizon;
  return first + (last - first) * 3 / 4;
}

// Where a ring of `size` keeps the outcome awaited at `step`; labels may be negative.
constexpr size_t SlotOf(int64_t step, size_t size) {
  const auto n = static_cast<int64_t>(size);
  return static_cast<size_t>((step % n + n) % n);
}

}  // namespace shadowd::forecast
