#include "mirror/http1.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace shadowd::mirror {
namespace {

constexpr size_t kLineMax = 4096;  // of a chunk size with extensions, or a trailer field
constexpr size_t kMethodMax = 32;
constexpr size_t kKeptCapacity = 16 * 1024;  // buffers larger than this are given back after a request

bool IsTokenChar(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         (c != '\0' && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenChar);
}

std::optional<uint64_t> ParseNumber(std::string_view text, int base) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stop != end || text.empty() || value > (uint64_t{1} << 62)) {
    return std::nullopt;
  }
  return value;
}

std::string_view WithoutLineEnd(std::string_view line) {
  if (line.ends_with('\n')) {
    line.remove_suffix(1);
  }
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

void GiveBack(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kKeptCapacity) {
    buffer.shrink_to_fit();
  }
}

}  // namespace

bool LooksLikeRequest(std::string_view text) {
  const size_t space = text.substr(0, kMethodMax + 1).find(' ');
  if (space == std::string_view::npos || space < 3 || space + 1 >= text.size()) {
    return false;
  }
  const std::string_view method = text.substr(0, space);
  const bool upper = std::all_of(method.begin(), method.end(),
                                 [](char c) { return (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; });
  return upper && text[space + 1] > ' ' && text[space + 1] < 0x7f;
}

void Http1Parser::Restart(bool mid_stream) {
  BeginRequest();
  state_ = mid_stream ? State::kResync : State::kHead;
  fresh_ = true;
}

void Http1Parser::BeginRequest() {
  state_ = State::kHead;
  GiveBack(head_);
  GiveBack(body_);
  line_.clear();
  line_start_ = 0;
  body_left_ = body_seen_ = 0;
  head_done_ = done_ = damaged_ = expects_continue_ = ends_http_ = false;
  keep_body_ = true;
  request_.headers.clear();
  request_.method = request_.target = request_.body = {};
  request_.body_over_limit = false;
}

Http1Parser::Step Http1Parser::Feed(Bytes bytes, bool segment_start) {
  if (done_ && state_ == State::kHead) {
    BeginRequest();
  }
  if (state_ == State::kResync && segment_start && LooksLikeRequest(AsText(bytes))) {
    BeginRequest();
  }
  switch (state_) {
    case State::kHead:
      return FeedHead(bytes);
    case State::kFixedBody:
      return FeedFixedBody(bytes, segment_start);
    case State::kChunkSize:
    case State::kChunkEnd:
    case State::kTrailer:
      return FeedLine(bytes);
    case State::kChunkData:
      return FeedChunkData(bytes);
    case State::kResync:
    case State::kForeign:
      break;
  }
  return {bytes.size(), Event::kNone};
}

Http1Parser::Step Http1Parser::FeedHead(Bytes bytes) {
  if (head_done_) {
    return EndRequest(0);  // a request without a body, reported as kHead before
  }
  const std::string_view text = AsText(bytes);
  size_t at = 0;
  while (at < text.size()) {
    const size_t newline = text.find('\n', at);
    const size_t end = newline == std::string_view::npos ? text.size() : newline + 1;
    head_.append(text.substr(at, end - at));
    at = end;
    if (head_.size() > options_.head_bytes_max) {
      return Lose(at);
    }
    if (newline == std::string_view::npos) {
      break;
    }
    if (!WithoutLineEnd(std::string_view(head_).substr(line_start_)).empty()) {
      line_start_ = head_.size();
    } else if (line_start_ == 0) {
      head_.clear();  // empty lines before a request are to be ignored
    } else {
      return EndHead(at);
    }
  }
  return {at, Event::kNone};
}

Http1Parser::Step Http1Parser::EndHead(size_t consumed) {
  if (!ParseHead()) {
    return Lose(consumed);
  }
  fresh_ = false;
  if (request_.method == "PRI" && request_.target == "*") {
    state_ = State::kForeign;
    return {consumed, Event::kForeign};
  }
  if (!ChooseFraming()) {
    return Lose(consumed);
  }
  head_done_ = true;
  return {consumed, Event::kHead};
}

Http1Parser::Step Http1Parser::Lose(size_t consumed) {
  const bool foreign = fresh_;
  BeginRequest();
  state_ = foreign ? State::kForeign : State::kResync;
  return {consumed, foreign ? Event::kForeign : Event::kLost};
}

bool Http1Parser::ParseHead() {
  std::string_view rest = head_;
  bool first = true;
  while (!rest.empty()) {
    const size_t newline = rest.find('\n');
    const std::string_view line = WithoutLineEnd(rest.substr(0, newline + 1));
    rest.remove_prefix(newline + 1);
    if (first) {
      first = false;
      if (!ParseRequestLine(line)) {
        return false;
      }
    } else if (!line.empty()) {
      if (line.front() == ' ' || line.front() == '\t' || request_.headers.size() >= options_.headers_max) {
        return false;  // obsolete line folding, or too many fields
      }
      ParseHeader(line);
    }
  }
  return true;
}

bool Http1Parser::ParseRequestLine(std::string_view line) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || last == first) {
    return false;
  }
  const std::string_view version = line.substr(last + 1);
  request_.method = line.substr(0, first);
  request_.target = TrimSpace(line.substr(first + 1, last - first - 1));
  if (request_.method == "PRI" && version == "HTTP/2.0") {
    return true;
  }
  if (version.size() != 8 || !version.starts_with("HTTP/1.") || version[7] < '0' || version[7] > '9') {
    return false;
  }
  request_.minor_version = version[7] - '0';
  return request_.method.size() <= kMethodMax && IsToken(request_.method) && !request_.target.empty();
}

// A field that is not one (no colon, a name that is no token) is left out: production may tolerate it, we do
// not repeat it.
void Http1Parser::ParseHeader(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) {
    return;
  }
  request_.headers.push_back({line.substr(0, colon), TrimSpace(line.substr(colon + 1))});
}

// RFC 9112 §6.3. Both framings at once, or lengths that differ, are how requests are smuggled: refused.
bool Http1Parser::ChooseFraming() {
  std::optional<uint64_t> length;
  bool chunked = false;
  bool upgrade = false;
  bool connection_upgrade = false;
  for (const HeaderField& field : request_.headers) {
    if (EqualsIgnoreCase(field.name, "content-length")) {
      const std::optional<uint64_t> value = ParseNumber(field.value, 10);
      if (!value || (length && *length != *value)) {
        return false;
      }
      length = value;
    } else if (EqualsIgnoreCase(field.name, "transfer-encoding")) {
      const size_t comma = field.value.rfind(',');
      const std::string_view last =
          comma == std::string_view::npos ? field.value : field.value.substr(comma + 1);
      if (chunked || !EqualsIgnoreCase(TrimSpace(last), "chunked")) {
        return false;
      }
      chunked = true;
    } else if (EqualsIgnoreCase(field.name, "upgrade")) {
      upgrade = true;
    } else if (EqualsIgnoreCase(field.name, "connection")) {
      connection_upgrade = connection_upgrade || ListHas(field.value, "upgrade");
    } else if (EqualsIgnoreCase(field.name, "expect")) {
      expects_continue_ = EqualsIgnoreCase(field.value, "100-continue");
    }
  }
  if (chunked && length) {
    return false;
  }
  ends_http_ = request_.method == "CONNECT" || (upgrade && connection_upgrade);
  body_left_ = length.value_or(0);
  state_ = chunked ? State::kChunkSize : body_left_ > 0 ? State::kFixedBody : State::kHead;
  return true;
}

void Http1Parser::KeepBody(Bytes bytes) {
  body_seen_ += bytes.size();
  if (!keep_body_ || request_.body_over_limit) {
    return;
  }
  if (body_.size() + bytes.size() > options_.body_bytes_max) {
    request_.body_over_limit = true;
    GiveBack(body_);
    return;
  }
  body_.append(AsText(bytes));
}

Http1Parser::Step Http1Parser::FeedFixedBody(Bytes bytes, bool segment_start) {
  if (expects_continue_ && body_seen_ == 0 && segment_start && LooksLikeRequest(AsText(bytes))) {
    BeginRequest();  // refused with a final status: the body was never sent
    return {0, Event::kLost};
  }
  const auto take = static_cast<size_t>(std::min<uint64_t>(body_left_, bytes.size()));
  KeepBody(bytes.first(take));
  body_left_ -= take;
  return body_left_ == 0 ? EndRequest(take) : Step{take, Event::kNone};
}

Http1Parser::Step Http1Parser::FeedChunkData(Bytes bytes) {
  const auto take = static_cast<size_t>(std::min<uint64_t>(body_left_, bytes.size()));
  KeepBody(bytes.first(take));
  body_left_ -= take;
  if (body_left_ == 0) {
    state_ = State::kChunkEnd;
  }
  return {take, Event::kNone};
}

Http1Parser::Step Http1Parser::FeedLine(Bytes bytes) {
  const std::string_view text = AsText(bytes);
  const size_t newline = text.find('\n');
  const size_t take = newline == std::string_view::npos ? text.size() : newline + 1;
  line_.append(text.substr(0, take));
  if (line_.size() > kLineMax) {
    return Lose(take);
  }
  return newline == std::string_view::npos ? Step{take, Event::kNone} : EndLine(take);
}

Http1Parser::Step Http1Parser::EndLine(size_t consumed) {
  const std::string_view line = WithoutLineEnd(line_);
  if (state_ == State::kChunkSize) {
    const std::optional<uint64_t> size = ParseNumber(TrimSpace(line.substr(0, line.find(';'))), 16);
    if (!size) {
      return Lose(consumed);
    }
    body_left_ = *size;
    state_ = *size == 0 ? State::kTrailer : State::kChunkData;
  } else if (state_ == State::kChunkEnd) {
    if (!line.empty()) {
      return Lose(consumed);
    }
    state_ = State::kChunkSize;
  } else if (line.empty()) {
    return EndRequest(consumed);
  }
  line_.clear();
  return {consumed, Event::kNone};
}

Http1Parser::Step Http1Parser::EndRequest(size_t consumed) {
  const bool damaged = damaged_;
  request_.body = body_;
  state_ = ends_http_ ? State::kForeign : State::kHead;
  head_done_ = false;
  done_ = true;
  return {consumed, damaged ? Event::kLost : Event::kRequest};
}

bool Http1Parser::Gap(uint64_t bytes) {
  if (state_ == State::kForeign || state_ == State::kResync) {
    return false;
  }
  const bool in_body = state_ == State::kFixedBody || state_ == State::kChunkData;
  if (in_body && bytes < body_left_) {
    body_left_ -= bytes;
    damaged_ = true;
    return false;
  }
  const bool exactly_body = state_ == State::kFixedBody && bytes == body_left_;
  BeginRequest();
  state_ = exactly_body ? State::kHead : State::kResync;
  fresh_ = false;
  return true;
}

}  // namespace shadowd::mirror
