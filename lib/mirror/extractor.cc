#include "mirror/extractor.h"

#include "mirror/sampler.h"

namespace shadowd::mirror {

// Feeds one flow's bytes to its parser.
class Extractor::FlowSink : public ByteSink {
 public:
  FlowSink(Extractor& extractor, Flow& flow) : extractor_(extractor), flow_(flow) {}

  void OnBytes(Bytes bytes) override {
    bool segment_start = true;
    Http1Parser::Step step;
    do {
      step = flow_.parser.Feed(bytes, segment_start);
      segment_start = false;
      bytes = bytes.subspan(step.consumed);
      OnEvent(step.event);
    } while (!bytes.empty() || step.event == Http1Parser::Event::kHead);
  }

  void OnGap(uint64_t bytes) override {
    if (flow_.parser.Gap(bytes)) {
      ++extractor_.counts_.parse_lost;
    }
  }

 private:
  void OnEvent(Http1Parser::Event event) {
    const MirroredRequest& request = flow_.parser.request();
    if (event == Http1Parser::Event::kHead && !extractor_.sink_.WantsBody(request)) {
      flow_.parser.SkipBody();
    } else if (event == Http1Parser::Event::kRequest) {
      ++extractor_.counts_.captured;
      extractor_.sink_.OnRequest(request, RequestKey(request, flow_.hash, flow_.requests++));
    } else if (event == Http1Parser::Event::kLost) {
      ++extractor_.counts_.parse_lost;
    }
  }

  Extractor& extractor_;
  Flow& flow_;
};

Extractor::Extractor(RequestSink& sink, const Options& options)
    : sink_(sink), options_(options), flows_(options.flows) {}

void Extractor::OnFrame(Bytes frame, MonoTime now) {
  ++counts_.packets;
  TcpSegment segment;
  const FrameResult result = ParseFrame(frame, options_.link, segment);
  if (result == FrameResult::kFragment) {
    OnFragment(segment.payload, now);
  } else if (result == FrameResult::kTcp && IsForService(segment)) {
    OnSegment(segment, now);
  }
}

void Extractor::OnFragment(Bytes packet, MonoTime now) {
  const Bytes whole = fragments_.Add(packet, now);
  counts_.fragments = fragments_.lost();
  TcpSegment segment;
  if (!whole.empty() && ParseFrame(whole, LinkType::kRawIp, segment) == FrameResult::kTcp &&
      IsForService(segment)) {
    OnSegment(segment, now);
  }
}

void Extractor::OnSegment(const TcpSegment& segment, MonoTime now) {
  const bool brings_something = segment.syn || !segment.payload.empty();
  if (!brings_something && flows_.Find(segment.key) == nullptr) {
    return;
  }
  Flow& flow = flows_.Touch(segment.key, now);
  if (flow.stream.IsNewConnection(segment)) {
    held_bytes_ -= flow.stream.held_bytes();
    flow.stream.Reset();
    flow.requests = 0;
  }
  if (!flow.stream.synchronised() && brings_something) {
    flow.parser.Restart(!segment.syn);
  }
  FlowSink sink(*this, flow);
  const size_t held_before = flow.stream.held_bytes();
  flow.stream.Push(segment, now, sink);
  held_bytes_ += flow.stream.held_bytes() - held_before;
  if (flow.stream.finished()) {
    held_bytes_ -= flow.stream.held_bytes();
    flows_.Remove(segment.key);
  }
  if (held_bytes_ > options_.buffered_bytes_max) {
    DropHeld();
  }
  counts_.evicted_flows = flows_.evicted();
}

// Too much waits behind holes in all: every hole is given up.
void Extractor::DropHeld() {
  flows_.ForEach([this](Flow& flow) {
    FlowSink sink(*this, flow);
    flow.stream.GiveUpHoles(sink);
  });
  held_bytes_ = 0;
}

void Extractor::OnTime(MonoTime now) {
  size_t held = 0;
  flows_.ForEach([this, now, &held](Flow& flow) {
    if (flow.stream.has_hole()) {
      FlowSink sink(*this, flow);
      flow.stream.Expire(now, sink);
      held += flow.stream.held_bytes();
    }
  });
  held_bytes_ = held;
  flows_.ExpireIdle(now);
  fragments_.Expire(now);
  counts_.fragments = fragments_.lost();
}

}  // namespace shadowd::mirror
