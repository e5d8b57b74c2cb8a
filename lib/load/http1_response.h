// Reads HTTP/1 responses from one connection, for their status and their end: Content-Length, chunked, or
// until the connection closes; interim responses are skipped. Bodies are thrown away as they come. What is
// over a limit or not HTTP ends the connection. Owned by a connection; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shadowd::load {

class Http1Response {
 public:
  static constexpr size_t kHeadMax = 64 * 1024;
  static constexpr uint64_t kBodyMax = 1ULL << 32;
  enum class Result { kMore, kDone, kBad };

  // `hash_body`: body_hash() is wanted.
  void Begin(bool head_request, bool hash_body = false);
  // Consumes bytes from the front of `bytes`; what is left after kDone belongs to nobody.
  Result Feed(std::string_view& bytes);
  // The connection was closed: whether that completes the response.
  bool EndsWithClose() const { return state_ == State::kUntilClose; }

  // The connection must not carry another request.
  void ForbidReuse() { keep_alive_ = false; }

  bool begun() const { return begun_; }
  int status() const { return status_; }
  bool keep_alive() const { return keep_alive_; }
  uint64_t body_hash() const { return body_hash_; }  // so far

 private:
  enum class State { kHead, kFixed, kChunkSize, kChunkData, kChunkEnd, kTrailer, kUntilClose, kDone };

  Result FeedHead(std::string_view& bytes);
  Result FeedLine(std::string_view& bytes);
  Result EndLine(std::string_view line);
  Result ParseHead(std::string_view head);
  bool ParseField(std::string_view name, std::string_view value);
  Result ChooseBody();
  Result SkipBody(std::string_view& bytes);

  State state_ = State::kDone;
  bool head_request_ = false;
  bool hash_body_ = false;
  uint64_t body_hash_ = 0;
  bool begun_ = false;
  bool keep_alive_ = true;
  bool chunked_ = false;
  bool has_length_ = false;
  int status_ = 0;
  uint64_t left_ = 0;
  uint64_t body_seen_ = 0;
  std::string buffer_;  // a head or line that came in pieces
};

}  // namespace shadowd::load
