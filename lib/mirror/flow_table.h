// The connections that a tap follows: one entry per direction, bounded in number; when full, the one that was
// silent longest is forgotten. Entries are reused with their buffers, so a steady stream of connections
// allocates little. Owned by an extractor; one thread; time is an argument.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "mirror/frame.h"
#include "mirror/http1.h"
#include "mirror/tcp_stream.h"

namespace shadowd::mirror {

uint64_t HashFlow(const FlowKey& key);

struct Flow {
  Flow(const TcpStream::Options& tcp, const Http1Parser::Options& http) : stream(tcp), parser(http) {}

  FlowKey key;
  uint64_t hash = 0;
  TcpStream stream;
  Http1Parser parser;
  uint64_t requests = 0;  // begun on this connection
  MonoTime last_seen;
  uint32_t older = 0;  // neighbours in the order of last_seen
  uint32_t newer = 0;
};

class FlowTable {
 public:
  struct Options {
    size_t flows_max = 8192;
    Micros idle_timeout = std::chrono::seconds(120);
    TcpStream::Options tcp;
    Http1Parser::Options http;
  };

  explicit FlowTable(const Options& options);
  FlowTable(const FlowTable&) = delete;
  FlowTable& operator=(const FlowTable&) = delete;

  // The flow of that key, made new where there is none, and marked as seen now. Another call may end it.
  Flow& Touch(const FlowKey& key, MonoTime now);
  // Whether the key is followed already.
  Flow* Find(const FlowKey& key);
  void Remove(const FlowKey& key);
  // Forgets flows that were silent for idle_timeout.
  void ExpireIdle(MonoTime now);
  void ForEach(const std::function<void(Flow&)>& visit);

  size_t size() const { return index_.size(); }
  uint64_t evicted() const { return evicted_; }

 private:
  struct KeyHash {
    size_t operator()(const FlowKey& key) const { return HashFlow(key); }
  };
  static constexpr uint32_t kNone = UINT32_MAX;

  uint32_t TakeSlot();
  void Release(uint32_t slot);
  void Unlink(uint32_t slot);
  void LinkNewest(uint32_t slot);

  Options options_;
  std::vector<std::unique_ptr<Flow>> slots_;
  std::vector<uint32_t> free_;
  std::unordered_map<FlowKey, uint32_t, KeyHash> index_;
  uint32_t oldest_ = kNone;
  uint32_t newest_ = kNone;
  uint64_t evicted_ = 0;
};

}  // namespace shadowd::mirror
