#include "kpi/haproxy_log.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace shadowd::kpi {
namespace {

bool Digit(char c) {
  return c >= '0' && c <= '9';
}

// Where the accept date " [24/Nov/2026:11:23:04.770] " ends: the one mark that every header leaves alone.
size_t FindDateEnd(std::string_view line) {
  constexpr std::string_view kShape = "dd/aaa/dddd:dd:dd:dd.ddd]";
  for (size_t open = line.find('['); open != std::string_view::npos; open = line.find('[', open + 1)) {
    const std::string_view date = line.substr(open + 1, kShape.size());
    if (date.size() == kShape.size() &&
        std::equal(date.begin(), date.end(), kShape.begin(), [](char c, char shape) {
          return shape == 'd' ? Digit(c) : shape == 'a' ? (c >= 'A' && c <= 'z') : c == shape;
        })) {
      return open + 1 + kShape.size();
    }
  }
  return std::string_view::npos;
}

template <typename Int>
bool ReadInt(std::string_view text, Int& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// Takes the next word; empty at the end.
std::string_view NextWord(std::string_view& rest) {
  const size_t begin = std::min(rest.find_first_not_of(' '), rest.size());
  rest.remove_prefix(begin);
  const size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}

// TR/Tw/Tc/Tr/Ta; a leading '+' on the last one (option logasap) means that the request was still running.
bool ReadTimers(std::string_view word, HaproxyLogEntry& entry) {
  std::array<int64_t, 5> timers{};
  for (size_t i = 0; i < timers.size(); ++i) {
    const size_t slash = word.find('/');
    if ((slash == std::string_view::npos) != (i + 1 == timers.size())) {
      return false;
    }
    if (!ReadInt(word.substr(0, slash), timers[i]) || timers[i] < -1) {
      return false;
    }
    word = slash == std::string_view::npos ? std::string_view() : word.substr(slash + 1);
  }
  entry.queue_ms = timers[1];
  entry.response_ms = timers[3];
  entry.active_ms = timers[4];
  return true;
}

// "GET /path HTTP/1.1" us=123. A line that syslog cut short may lack any part of it.
void ReadRequest(std::string_view rest, HaproxyLogEntry& entry) {
  const size_t open = rest.find('"');
  if (open == std::string_view::npos) {
    return;
  }
  std::string_view request = rest.substr(open + 1);
  const size_t close = request.rfind('"');
  if (close != std::string_view::npos) {
    constexpr std::string_view kMark = " us=";
    const std::string_view tail = request.substr(close + 1);
    request = request.substr(0, close);
    uint64_t micros = 0;
    if (tail.starts_with(kMark) && ReadInt(tail.substr(kMark.size()), micros)) {
      entry.active_us = micros;
    }
  }
  if (request.starts_with('<')) {  // <BADREQ>
    return;
  }
  entry.method = NextWord(request);
  entry.path = NextWord(request);
}

}  // namespace

uint32_t HaproxyLogEntry::latency_us() const {
  constexpr uint64_t kMost = std::numeric_limits<uint32_t>::max();
  if (active_us) {
    return static_cast<uint32_t>(std::min(*active_us, kMost));
  }
  const uint64_t ms = active_ms < 0 ? 0 : static_cast<uint64_t>(active_ms);
  return static_cast<uint32_t>(ms > kMost / 1000 ? kMost : ms * 1000);
}

bool HaproxyLogEntry::client_left() const {
  return !termination.empty() && (termination[0] == 'C' || termination[0] == 'c');
}

bool HaproxyLogEntry::failed() const {
  if (status >= 500) {
    return true;
  }
  // '-' is a normal end, L an answer made by HAProxy itself as configured (redirects, statistics).
  constexpr std::string_view kFine = "-CcL";
  return !termination.empty() && kFine.find(termination[0]) == std::string_view::npos;
}

StatusOr<HaproxyLogEntry> ParseHaproxyLog(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\0' || line.back() == ' ')) {
    line.remove_suffix(1);
  }
  const size_t date_end = FindDateEnd(line);
  if (date_end == std::string_view::npos) {
    return InvalidArgument("HTTP log: no accept date in [brackets]");
  }
  std::string_view rest = line.substr(date_end);
  HaproxyLogEntry entry;
  entry.frontend = NextWord(rest);
  const std::string_view target = NextWord(rest);
  const size_t slash = target.find('/');
  if (entry.frontend.empty() || slash == std::string_view::npos) {
    return InvalidArgument("HTTP log: \"{}\" is not backend/server", target);
  }
  entry.backend = target.substr(0, slash);
  entry.server = target.substr(slash + 1);
  const std::string_view timers = NextWord(rest);
  if (!ReadTimers(timers, entry)) {
    return InvalidArgument("HTTP log: \"{}\" is not the timers TR/Tw/Tc/Tr/Ta", timers);
  }
  const std::string_view status = NextWord(rest);
  if (!ReadInt(status, entry.status) || entry.status < -1 || entry.status > 999) {
    return InvalidArgument("HTTP log: \"{}\" is not a status code", status);
  }
  for (int skipped = 0; skipped < 3; ++skipped) {  // bytes and the two captured cookies
    NextWord(rest);
  }
  entry.termination = NextWord(rest);
  if (entry.termination.size() != 4) {
    return InvalidArgument("HTTP log: \"{}\" is not a termination state", entry.termination);
  }
  ReadRequest(rest, entry);
  return entry;
}

}  // namespace shadowd::kpi
