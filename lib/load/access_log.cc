#include "load/access_log.h"

#include <algorithm>
#include <charconv>

namespace shadowd::load {
namespace {

constexpr size_t kTargetMax = 4096;

std::optional<int> Number(std::string_view text, int least, int most) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
    return std::nullopt;
  }
  return value;
}

// The hour of "10/Oct/2000:13:55:36 -0700".
std::optional<int> HourOf(std::string_view time) {
  const size_t colon = time.find(':');
  return colon == std::string_view::npos ? std::nullopt : Number(time.substr(colon + 1, 2), 0, 23);
}

bool IsMethodByte(char c) {
  return c >= 'A' && c <= 'Z';
}

bool IsTargetByte(char c) {
  return c > ' ' && c < '\x7f' && c != '"' && c != '#';
}

}  // namespace

std::optional<LoggedRequest> ParseLogLine(std::string_view line) {
  const size_t open = line.find('['), close = line.find(']', open == std::string_view::npos ? 0 : open);
  if (open == std::string_view::npos || close == std::string_view::npos) {
    return std::nullopt;
  }
  const std::optional<int> hour = HourOf(line.substr(open + 1, close - open - 1));
  std::string_view rest = line.substr(close + 1);
  const size_t quote = rest.find('"');
  const size_t end = quote == std::string_view::npos ? quote : rest.find("\" ", quote + 1);
  if (!hour || end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view request = rest.substr(quote + 1, end - quote - 1);
  rest = rest.substr(end + 2);
  const std::optional<int> status = Number(rest.substr(0, rest.find(' ')), 100, 599);
  LoggedRequest logged;
  logged.method = request.substr(0, request.find(' '));
  if (!status || logged.method.size() == request.size()) {
    return std::nullopt;
  }
  const std::string_view behind = request.substr(logged.method.size() + 1);
  logged.target = behind.substr(0, behind.find(' '));
  logged.status = *status;
  logged.hour = *hour;
  const bool sane = !logged.method.empty() && logged.method.size() <= 16 && logged.target.starts_with('/') &&
                    logged.target.size() <= kTargetMax &&
                    std::all_of(logged.method.begin(), logged.method.end(), IsMethodByte) &&
                    std::all_of(logged.target.begin(), logged.target.end(), IsTargetByte);
  return sane ? std::optional(logged) : std::nullopt;
}

}  // namespace shadowd::load
