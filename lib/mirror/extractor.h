// From captured frames to whole requests: frame, fragments, flow, stream and parser in a row. The same object
// serves the live tap, a capture file and frames that a mirror sent wrapped. Requests are handed out as
// views, at once. Memory is bounded: by the number of flows and, over all of them, by `buffered_bytes_max`
// for bytes that wait for a hole to fill. Owned by one tap; one thread; time is an argument.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "mirror/completeness.h"
#include "mirror/flow_table.h"
#include "mirror/fragments.h"
#include "mirror/frame.h"
#include "mirror/mirrored_request.h"

namespace shadowd::mirror {

class RequestSink {
 public:
  virtual ~RequestSink() = default;
  // Whether the body of this request is of interest; asked when its head is complete.
  virtual bool WantsBody(const MirroredRequest& head) = 0;
  // `key` is the sampler's. The request is a view, valid during the call.
  virtual void OnRequest(const MirroredRequest& request, uint64_t key) = 0;
};

class Extractor {
 public:
  struct Options {
    LinkType link = LinkType::kEthernet;
    uint16_t port = 0;  // of the service; 0 = any TCP port
    size_t buffered_bytes_max = 32 * 1024 * 1024;
    FlowTable::Options flows;
  };

  Extractor(RequestSink& sink, const Options& options);

  void OnFrame(Bytes frame, MonoTime now);
  // Gives up holes and forgets idle flows; to be called now and then, also when no frame comes.
  void OnTime(MonoTime now);
  // packets, captured, parse_lost, fragments and evicted_flows.
  const Completeness& counts() const { return counts_; }

 private:
  class FlowSink;

  void OnFragment(Bytes packet, MonoTime now);
  void OnSegment(const TcpSegment& segment, MonoTime now);
  void DropHeld();
  bool IsForService(const TcpSegment& segment) const {
    return options_.port == 0 || segment.key.destination_port == options_.port;
  }

  RequestSink& sink_;
  Options options_;
  FlowTable flows_;
  Fragments fragments_;
  Completeness counts_;
  size_t held_bytes_ = 0;
};

}  // namespace shadowd::mirror
