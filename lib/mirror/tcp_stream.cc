#include "mirror/tcp_stream.h"

#include <algorithm>
#include <utility>

namespace shadowd::mirror {
namespace {

// Signed distance on the sequence circle (RFC 9293 §3.4).
int32_t Distance(uint32_t from, uint32_t to) {
  return static_cast<int32_t>(to - from);
}

// A SYN this close before the expected byte is the same connection's, late or repeated.
constexpr int32_t kLateSynWindow = 1 << 20;

}  // namespace

void TcpStream::Reset() {
  const Options options = options_;
  *this = TcpStream(options);
}

bool TcpStream::IsNewConnection(const TcpSegment& segment) const {
  if (!segment.syn || !synchronised_) {
    return false;
  }
  const int32_t behind = Distance(segment.sequence + 1, next_);
  return finished_ || behind < 0 || behind > kLateSynWindow;
}

void TcpStream::Push(const TcpSegment& segment, MonoTime now, ByteSink& sink) {
  if (finished_) {
    return;
  }
  if (segment.rst) {
    finished_ = true;
    return;
  }
  const uint32_t start = segment.sequence + (segment.syn ? 1U : 0U);
  if (!synchronised_) {
    if (!segment.syn && segment.payload.empty()) {
      return;
    }
    synchronised_ = true;
    saw_syn_ = segment.syn;
    next_ = start;
  }
  const auto length = static_cast<uint32_t>(segment.payload.size());
  if (segment.fin && !saw_fin_) {
    saw_fin_ = true;
    fin_at_ = start + length + segment.cut;
  }
  if (length > 0) {
    if (Distance(next_, start) <= 0) {
      Deliver(start, segment.payload, sink);
    } else {
      Hold(start, segment.payload, segment, now);
    }
  }
  if (segment.ack && held_.empty()) {
    saw_ack_ = true;
    last_ack_ = segment.acknowledgement;
  }
  while (held_bytes_ > options_.held_bytes_max || held_.size() > options_.held_segments_max) {
    SkipHole(sink);
  }
  Expire(now, sink);
  NoteEnd();
}

void TcpStream::Expire(MonoTime now, ByteSink& sink) {
  while (!held_.empty() && now >= hole_deadline_) {
    SkipHole(sink);
    hole_deadline_ = now + options_.acknowledged_timeout;
  }
}

void TcpStream::GiveUpHoles(ByteSink& sink) {
  while (!held_.empty()) {
    SkipHole(sink);
  }
}

void TcpStream::Deliver(uint32_t sequence, Bytes payload, ByteSink& sink) {
  const int32_t old = Distance(sequence, next_);
  if (old < 0 || std::cmp_greater_equal(old, payload.size())) {
    return;
  }
  const Bytes fresh = payload.subspan(static_cast<size_t>(old));
  next_ += static_cast<uint32_t>(fresh.size());
  sink.OnBytes(fresh);
  DrainHeld(sink);
}

void TcpStream::DrainHeld(ByteSink& sink) {
  size_t used = 0;
  while (used < held_.size() && Distance(next_, held_[used].sequence) <= 0) {
    const Held& held = held_[used];
    const int32_t old = Distance(held.sequence, next_);
    if (std::cmp_less(old, held.bytes.size())) {
      const Bytes fresh = Bytes(held.bytes).subspan(static_cast<size_t>(old));
      next_ += static_cast<uint32_t>(fresh.size());
      sink.OnBytes(fresh);
    }
    held_bytes_ -= held.bytes.size();
    ++used;
  }
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(used));
}

void TcpStream::Hold(uint32_t sequence, Bytes payload, const TcpSegment& segment, MonoTime now) {
  const auto place = std::find_if(held_.begin(), held_.end(), [sequence](const Held& held) {
    return Distance(sequence, held.sequence) >= 0;
  });
  if (place != held_.end() && place->sequence == sequence && place->bytes.size() >= payload.size()) {
    return;  // a retransmission of what waits already
  }
  const bool acknowledged = segment.ack && saw_ack_ && Distance(last_ack_, segment.acknowledgement) > 0;
  const MonoTime deadline = now + (acknowledged ? options_.acknowledged_timeout : options_.hole_timeout);
  hole_deadline_ = held_.empty() ? deadline : std::min(hole_deadline_, deadline);
  held_bytes_ += payload.size();
  held_.insert(place, Held{sequence, {payload.begin(), payload.end()}});
}

void TcpStream::SkipHole(ByteSink& sink) {
  if (held_.empty()) {
    return;
  }
  const int32_t missing = Distance(next_, held_.front().sequence);
  if (missing > 0) {
    next_ = held_.front().sequence;
    sink.OnGap(static_cast<uint64_t>(missing));
  }
  DrainHeld(sink);
}

void TcpStream::NoteEnd() {
  if (saw_fin_ && Distance(fin_at_, next_) >= 0) {
    finished_ = true;
  }
}

}  // namespace shadowd::mirror
