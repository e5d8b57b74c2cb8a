// Incremental parser of HTTP/1 requests (RFC 9112) as a tap sees them: pipelining, Content-Length, chunked
// bodies, 100-continue, upgrades. It reads one direction only, so it must find its way back by itself: after
// a hole, or when a capture starts in the middle, it skips to the next stretch that begins like a request.
// What is not HTTP/1, and what follows CONNECT, an upgrade or an HTTP/2 preface, is left alone. Everything is
// bounded. Owned by a flow; one thread. In steady state it allocates nothing: its buffers are reused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "mirror/bytes.h"
#include "mirror/mirrored_request.h"

namespace shadowd::mirror {

class Http1Parser {
 public:
  struct Options {
    size_t head_bytes_max = 64 * 1024;
    size_t headers_max = 128;
    size_t body_bytes_max = 1024 * 1024;
  };
  enum class Event {
    kNone,     // everything given was consumed
    kHead,     // the head is complete; SkipBody() may be called; request() has no body yet
    kRequest,  // request() is whole
    kLost,     // a request was begun and cannot be finished: malformed, over a limit, damaged by a hole
    kForeign,  // this is not HTTP/1, or no longer: nothing more will be read
  };
  struct Step {
    size_t consumed = 0;
    Event event = Event::kNone;
  };

  Http1Parser() = default;
  explicit Http1Parser(const Options& options) : options_(options) {}
  Http1Parser(const Http1Parser&) = delete;
  Http1Parser& operator=(const Http1Parser&) = delete;

  // A new connection: from its first byte, or (mid_stream) from somewhere inside.
  void Restart(bool mid_stream);
  // Feeds bytes that follow the last ones. `segment_start`: they begin a TCP segment, where a request may
  // begin. Call again with the rest (also an empty one, after kHead) until everything is consumed.
  Step Feed(Bytes bytes, bool segment_start);
  // That many bytes are missing here. True when a request was lost with them.
  bool Gap(uint64_t bytes);
  // Do not keep the body of the request whose head was just read.
  void SkipBody() { keep_body_ = false; }

  const MirroredRequest& request() const { return request_; }
  size_t buffered_bytes() const { return head_.capacity() + body_.capacity(); }

 private:
  enum class State { kHead, kFixedBody, kChunkSize, kChunkData, kChunkEnd, kTrailer, kResync, kForeign };

  Step FeedHead(Bytes bytes);
  Step FeedFixedBody(Bytes bytes, bool segment_start);
  Step FeedLine(Bytes bytes);
  Step FeedChunkData(Bytes bytes);
  Step EndLine(size_t consumed);
  Step EndHead(size_t consumed);
  Step EndRequest(size_t consumed);
  Step Lose(size_t consumed);
  bool ParseHead();
  bool ParseRequestLine(std::string_view line);
  void ParseHeader(std::string_view line);
  bool ChooseFraming();
  void KeepBody(Bytes bytes);
  void BeginRequest();

  Options options_;
  State state_ = State::kHead;
  MirroredRequest request_;
  std::string head_;
  std::string body_;
  std::string line_;        // of chunk sizes and trailers
  size_t line_start_ = 0;   // in head_
  uint64_t body_left_ = 0;  // of the fixed body or the chunk
  uint64_t body_seen_ = 0;
  bool fresh_ = true;       // nothing was understood on this connection yet
  bool head_done_ = false;  // kHead was reported and the body is next
  bool done_ = false;       // request() is whole; the next Feed begins anew
  bool keep_body_ = true;
  bool damaged_ = false;
  bool expects_continue_ = false;
  bool ends_http_ = false;  // CONNECT or upgrade
};

// Whether bytes at the start of a segment can be the start of a request: a method, a space and a target.
bool LooksLikeRequest(std::string_view text);

}  // namespace shadowd::mirror
