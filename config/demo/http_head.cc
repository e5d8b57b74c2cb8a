#include "http_head.h"

#include <algorithm>
#include <charconv>

namespace shadowd::demo {
namespace {

constexpr size_t kMaxHead = 16 << 10;
constexpr size_t kMaxBody = 1 << 20;

bool SameWord(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

// One "Name: value" line; false when it makes the message unusable.
bool ReadField(std::string_view line, HttpHead& head) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return false;
  }
  const std::string_view name = line.substr(0, colon);
  const size_t begin = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
  const std::string_view value = line.substr(begin, line.find_last_not_of(" \t") + 1 - begin);
  if (SameWord(name, "content-length")) {
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), head.content_length);
    return error == std::errc() && end == value.data() + value.size() && head.content_length <= kMaxBody;
  }
  if (SameWord(name, "connection")) {
    head.close = head.close || SameWord(value, "close");
  }
  return !SameWord(name, "transfer-encoding");
}

}  // namespace

HttpHead ParseHead(std::string_view text) {
  HttpHead head;
  const size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos || end > kMaxHead) {
    head.state = text.size() > kMaxHead ? HttpHead::State::kMalformed : HttpHead::State::kPartial;
    return head;
  }
  head.bytes = end + 4;
  head.state = HttpHead::State::kMalformed;
  std::string_view lines = text.substr(0, end);
  const size_t first_end = lines.find("\r\n");
  const std::string_view first = lines.substr(0, first_end);
  const size_t space = first.find(' ');
  if (space == std::string_view::npos) {
    return head;
  }
  head.second = first.substr(space + 1, first.find(' ', space + 1) - space - 1);
  head.close = first.find("HTTP/1.0") != std::string_view::npos;
  lines = first_end == std::string_view::npos ? std::string_view() : lines.substr(first_end + 2);
  while (!lines.empty()) {
    const size_t line_end = lines.find("\r\n");
    if (!ReadField(lines.substr(0, line_end), head)) {
      return head;
    }
    lines = line_end == std::string_view::npos ? std::string_view() : lines.substr(line_end + 2);
  }
  head.state = HttpHead::State::kComplete;
  return head;
}

}  // namespace shadowd::demo
