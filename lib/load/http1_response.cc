#include "load/http1_response.h"

#include <algorithm>
#include <charconv>

#include "load/wire_request.h"

namespace shadowd::load {
namespace {

constexpr size_t kLineMax = 4096;

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// `lower` is in lower case already.
bool IsName(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) { return Lower(a) == b; });
}

bool Contains(std::string_view text, std::string_view lower) {
  return std::search(text.begin(), text.end(), lower.begin(), lower.end(),
                     [](char a, char b) { return Lower(a) == b; }) != text.end();
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() &&
         (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '\n')) {
    text.remove_suffix(1);
  }
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  return text;
}

bool ParseUnsigned(std::string_view text, int base, uint64_t& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  return !text.empty() && error == std::errc() && stop == end;
}

// The position after the empty line that ends a head; npos when it is not there.
size_t HeadEnd(std::string_view text) {
  for (size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    const std::string_view rest = text.substr(at + 1);
    if (rest.starts_with("\r\n")) {
      return at + 3;
    }
    if (rest.starts_with('\n')) {
      return at + 2;
    }
  }
  return std::string_view::npos;
}

}  // namespace

void Http1Response::Begin(bool head_request, bool hash_body) {
  state_ = State::kHead;
  head_request_ = head_request;
  hash_body_ = hash_body;
  body_hash_ = kBodyHashStart;
  begun_ = false;
  keep_alive_ = true;
  body_seen_ = 0;
  buffer_.clear();
}

Http1Response::Result Http1Response::Feed(std::string_view& bytes) {
  begun_ = begun_ || !bytes.empty();
  while (!bytes.empty() && state_ != State::kDone) {
    Result result = Result::kMore;
    switch (state_) {
      case State::kHead:
        result = FeedHead(bytes);
        break;
      case State::kChunkSize:
      case State::kChunkEnd:
      case State::kTrailer:
        result = FeedLine(bytes);
        break;
      default:
        result = SkipBody(bytes);
        break;
    }
    if (result != Result::kMore) {
      state_ = State::kDone;
      return result;
    }
  }
  return state_ == State::kDone ? Result::kBad : Result::kMore;
}

Http1Response::Result Http1Response::FeedHead(std::string_view& bytes) {
  if (buffer_.empty()) {
    const size_t end = HeadEnd(bytes);
    if (end != std::string_view::npos) {  // the usual case: the head in one piece
      const std::string_view head = bytes.substr(0, end);
      bytes.remove_prefix(end);
      return ParseHead(head);
    }
  }
  const size_t before = buffer_.size();
  buffer_.append(bytes);
  const size_t end = HeadEnd(buffer_);
  if (end == std::string_view::npos) {
    bytes = {};
    return buffer_.size() > kHeadMax ? Result::kBad : Result::kMore;
  }
  bytes.remove_prefix(end - before);
  buffer_.resize(end);
  const Result result = ParseHead(buffer_);
  buffer_.clear();
  return result;
}

Http1Response::Result Http1Response::ParseHead(std::string_view head) {
  uint64_t status = 0;
  if (head.size() > kHeadMax || head.size() < 13 || !head.starts_with("HTTP/1.") || head[8] != ' ' ||
      !ParseUnsigned(head.substr(9, 3), 10, status) || status < 100) {
    return Result::kBad;
  }
  status_ = static_cast<int>(status);
  keep_alive_ = head[7] != '0';
  chunked_ = has_length_ = false;
  left_ = 0;
  head.remove_prefix(head.find('\n') + 1);
  while (!head.empty()) {
    const size_t newline = head.find('\n');
    const std::string_view line = head.substr(0, newline);
    head.remove_prefix(newline + 1);
    const size_t colon = line.find(':');
    if (colon != std::string_view::npos && !ParseField(line.substr(0, colon), line.substr(colon + 1))) {
      return Result::kBad;
    }
  }
  return ChooseBody();
}

bool Http1Response::ParseField(std::string_view name, std::string_view value) {
  if (IsName(name, "content-length")) {
    has_length_ = true;
    return ParseUnsigned(Trim(value), 10, left_) && left_ <= kBodyMax;
  }
  if (IsName(name, "transfer-encoding")) {
    chunked_ = Contains(value, "chunked");
  } else if (IsName(name, "connection")) {
    if (Contains(value, "close")) {
      keep_alive_ = false;
    } else if (Contains(value, "keep-alive")) {
      keep_alive_ = true;
    }
  }
  return true;
}

Http1Response::Result Http1Response::ChooseBody() {
  if (status_ == 101) {
    return Result::kBad;  // nothing of ours asks for an upgrade
  }
  if (status_ < 200) {
    return Result::kMore;  // interim: the final head follows
  }
  if (head_request_ || status_ == 204 || status_ == 304) {
    return Result::kDone;
  }
  if (chunked_) {
    state_ = State::kChunkSize;
    return Result::kMore;
  }
  if (has_length_) {
    state_ = State::kFixed;
    return left_ == 0 ? Result::kDone : Result::kMore;
  }
  state_ = State::kUntilClose;
  keep_alive_ = false;
  return Result::kMore;
}

Http1Response::Result Http1Response::SkipBody(std::string_view& bytes) {
  const bool open_ended = state_ == State::kUntilClose;
  const size_t take =
      open_ended ? bytes.size() : static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
  if (hash_body_) {
    body_hash_ = BodyHash(bytes.substr(0, take), body_hash_);
  }
  bytes.remove_prefix(take);
  body_seen_ += take;
  if (body_seen_ > kBodyMax) {
    return Result::kBad;
  }
  if (open_ended) {
    return Result::kMore;
  }
  left_ -= take;
  if (left_ > 0) {
    return Result::kMore;
  }
  if (state_ == State::kFixed) {
    return Result::kDone;
  }
  state_ = State::kChunkEnd;
  return Result::kMore;
}

Http1Response::Result Http1Response::FeedLine(std::string_view& bytes) {
  const size_t newline = bytes.find('\n');
  const size_t take = newline == std::string_view::npos ? bytes.size() : newline + 1;
  buffer_.append(bytes.substr(0, take));
  bytes.remove_prefix(take);
  if (buffer_.size() > kLineMax) {
    return Result::kBad;
  }
  if (newline == std::string_view::npos) {
    return Result::kMore;
  }
  const Result result = EndLine(Trim(buffer_));
  buffer_.clear();
  return result;
}

Http1Response::Result Http1Response::EndLine(std::string_view line) {
  if (state_ == State::kTrailer) {
    return line.empty() ? Result::kDone : Result::kMore;
  }
  if (state_ == State::kChunkEnd) {
    state_ = State::kChunkSize;
    return line.empty() ? Result::kMore : Result::kBad;
  }
  if (!ParseUnsigned(Trim(line.substr(0, line.find(';'))), 16, left_) || left_ > kBodyMax) {
    return Result::kBad;
  }
  state_ = left_ == 0 ? State::kTrailer : State::kChunkData;
  return Result::kMore;
}

}  // namespace shadowd::load
