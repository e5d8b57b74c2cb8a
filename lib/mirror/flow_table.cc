#include "mirror/flow_table.h"

#include <cstring>

#include "base/check.h"
#include "mirror/sampler.h"

namespace shadowd::mirror {

uint64_t HashFlow(const FlowKey& key) {
  uint64_t words[4];
  std::memcpy(words, key.source.data(), 16);
  std::memcpy(words + 2, key.destination.data(), 16);
  uint64_t hash = (uint64_t{key.source_port} << 16) | key.destination_port;
  for (const uint64_t word : words) {
    hash = MixHash(hash, word);
  }
  return hash;
}

FlowTable::FlowTable(const Options& options) : options_(options) {
  SHADOWD_CHECK(options.flows_max > 0);
}

Flow* FlowTable::Find(const FlowKey& key) {
  const auto found = index_.find(key);
  return found == index_.end() ? nullptr : slots_[found->second].get();
}

Flow& FlowTable::Touch(const FlowKey& key, MonoTime now) {
  const auto found = index_.find(key);
  if (found != index_.end()) {
    const uint32_t slot = found->second;
    if (slot != newest_) {
      Unlink(slot);
      LinkNewest(slot);
    }
    slots_[slot]->last_seen = now;
    return *slots_[slot];
  }
  const uint32_t slot = TakeSlot();
  Flow& flow = *slots_[slot];
  flow.key = key;
  flow.hash = HashFlow(key);
  flow.requests = 0;
  flow.last_seen = now;
  flow.stream.Reset();
  flow.parser.Restart(true);
  index_.emplace(key, slot);
  LinkNewest(slot);
  return flow;
}

uint32_t FlowTable::TakeSlot() {
  if (index_.size() >= options_.flows_max) {
    ++evicted_;
    Release(oldest_);
  }
  if (!free_.empty()) {
    const uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  slots_.push_back(std::make_unique<Flow>(options_.tcp, options_.http));
  return static_cast<uint32_t>(slots_.size() - 1);
}

void FlowTable::Remove(const FlowKey& key) {
  if (const auto found = index_.find(key); found != index_.end()) {
    Release(found->second);
  }
}

void FlowTable::Release(uint32_t slot) {
  Unlink(slot);
  index_.erase(slots_[slot]->key);
  slots_[slot]->stream.Reset();
  free_.push_back(slot);
}

void FlowTable::ExpireIdle(MonoTime now) {
  while (oldest_ != kNone && now - slots_[oldest_]->last_seen >= options_.idle_timeout) {
    Release(oldest_);
  }
}

void FlowTable::ForEach(const std::function<void(Flow&)>& visit) {
  for (uint32_t slot = oldest_; slot != kNone;) {
    const uint32_t next = slots_[slot]->newer;
    visit(*slots_[slot]);
    slot = next;
  }
}

void FlowTable::Unlink(uint32_t slot) {
  const Flow& flow = *slots_[slot];
  (flow.older == kNone ? oldest_ : slots_[flow.older]->newer) = flow.newer;
  (flow.newer == kNone ? newest_ : slots_[flow.newer]->older) = flow.older;
}

void FlowTable::LinkNewest(uint32_t slot) {
  Flow& flow = *slots_[slot];
  flow.older = newest_;
  flow.newer = kNone;
  (newest_ == kNone ? oldest_ : slots_[newest_]->newer) = slot;
  newest_ = slot;
}

}  // namespace shadowd::mirror
