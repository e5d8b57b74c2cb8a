// Puts one direction of a TCP connection back in order: out of order segments wait in a bounded buffer,
// retransmitted and overlapping bytes come out once, and a hole that will not be filled is reported as a gap,
// so that the reader can go on behind it. Where copies differ, the one is taken that the receive queue of
// Linux takes: what was handed on stays, and of what waits the segment that begins earlier, then the longer
// one. Works without the SYN. A hole is given up when too much waits behind it, or after `hole_timeout`; much
// sooner when the sender has meanwhile acknowledged new bytes, since then the peer has the missing segment
// and only our capture lacks it. Owned by a flow; one thread; time is an argument.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "mirror/frame.h"

namespace shadowd::mirror {

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual void OnBytes(Bytes bytes) = 0;   // in order, one call per stretch of a segment
  virtual void OnGap(uint64_t bytes) = 0;  // bytes missing between the last OnBytes and the next
};

class TcpStream {
 public:
  struct Options {
    size_t held_bytes_max = 256 * 1024;
    size_t held_segments_max = 64;
    Micros hole_timeout = std::chrono::seconds(5);
    Micros acknowledged_timeout = std::chrono::milliseconds(50);
  };

  TcpStream() = default;
  explicit TcpStream(const Options& options) : options_(options) {}

  // Feeds one segment; what is in order goes to the sink before this returns.
  void Push(const TcpSegment& segment, MonoTime now, ByteSink& sink);
  // Gives up holes that are due.
  void Expire(MonoTime now, ByteSink& sink);
  // Gives up all holes, due or not.
  void GiveUpHoles(ByteSink& sink);
  void Reset();

  bool synchronised() const { return synchronised_; }
  bool saw_syn() const { return saw_syn_; }
  bool finished() const { return finished_; }  // FIN reached in order, or RST
  bool has_hole() const { return !held_.empty(); }
  size_t held_bytes() const { return held_bytes_; }
  // True when a SYN with another initial number belongs to a new connection on the same ports.
  bool IsNewConnection(const TcpSegment& segment) const;

 private:
  struct Held {
    uint32_t sequence = 0;
    std::vector<std::byte> bytes;
  };

  void Deliver(uint32_t sequence, Bytes payload, ByteSink& sink);
  void Hold(uint32_t sequence, Bytes payload, const TcpSegment& segment, MonoTime now);
  void DrainHeld(ByteSink& sink);
  void SkipHole(ByteSink& sink);
  void NoteEnd();

  Options options_;
  uint32_t next_ = 0;  // sequence number expected
  uint32_t last_ack_ = 0;
  uint32_t fin_at_ = 0;
  bool synchronised_ = false;
  bool saw_syn_ = false;
  bool saw_ack_ = false;
  bool saw_fin_ = false;
  bool finished_ = false;
  MonoTime hole_deadline_;
  size_t held_bytes_ = 0;
  std::vector<Held> held_;  // by sequence, ascending
};

}  // namespace shadowd::mirror
