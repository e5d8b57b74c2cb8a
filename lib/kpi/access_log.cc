#include "kpi/access_log.h"

#include <nlohmann/json.hpp>
#include <string>

#include "kpi/number.h"

namespace shadowd::kpi {
namespace {

using model::AccessLogFormat;
using Json = nlohmann::json;

constexpr double kLongestUs = 3.6e9;

Status NotALine(std::string_view line) {
  return InvalidArgument("not a line of an access log: {}", Excerpt(line));
}

std::optional<double> NumberIn(const Json& object, const char* field) {
  const auto found = object.find(field);
  if (found == object.end()) {
    return std::nullopt;
  }
  if (found->is_string()) {
    return ParseDouble(found->get_ref<const std::string&>());
  }
  return found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

std::optional<double> Latency(std::optional<double> value, double micros) {
  return value && *value >= 0 && *value * micros <= kLongestUs ? std::optional(*value * micros)
                                                               : std::nullopt;
}

StatusOr<AccessLogEntry> ParseJson(std::string_view line) {
  const Json object = Json::parse(line, nullptr, false);
  if (object.is_discarded() || !object.is_object()) {
    return NotALine(line);
  }
  const auto status = NumberIn(object, "status");
  if (!status || !(*status >= 100 && *status < 600)) {
    return InvalidArgument("an object without a status of 100..599: {}", Excerpt(line));
  }
  AccessLogEntry entry{static_cast<int>(*status), Latency(NumberIn(object, "request_time"), 1e6)};
  for (const auto& [field, micros] : {std::pair{"duration_ms", 1e3}, {"duration_us", 1.0}}) {
    if (!entry.latency_us) {
      entry.latency_us = Latency(NumberIn(object, field), micros);
    }
  }
  return entry;
}

// The text after a quoted part that begins at `at`; npos where it does not end.
size_t AfterQuoted(std::string_view line, size_t at) {
  for (++at; at < line.size(); ++at) {
    if (line[at] == '\\') {
      ++at;
    } else if (line[at] == '"') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

std::string_view NextWord(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(word.size());
  return word;
}

// host ident user [time] "request" status bytes ["referer" "agent" [seconds]]
StatusOr<AccessLogEntry> ParseText(std::string_view line, AccessLogFormat format) {
  const size_t time = line.find('[');
  const size_t time_end = time == std::string_view::npos ? time : line.find("] \"", time);
  const size_t request_end = time_end == std::string_view::npos ? time_end : AfterQuoted(line, time_end + 2);
  if (request_end == std::string_view::npos) {
    return NotALine(line);
  }
  std::string_view rest = line.substr(request_end);
  const auto status = ParseDouble(NextWord(rest));
  const std::string_view bytes = NextWord(rest);
  if (!status || !(*status >= 100 && *status < 600) || bytes.empty()) {
    return NotALine(line);
  }
  AccessLogEntry entry{static_cast<int>(*status), std::nullopt};
  if (format == AccessLogFormat::kCommon) {
    return entry;
  }
  for (int quoted = 0; quoted < 2; ++quoted) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const size_t end = rest.starts_with('"') ? AfterQuoted(rest, 0) : std::string_view::npos;
    if (end == std::string_view::npos) {
      return format == AccessLogFormat::kCombined ? StatusOr<AccessLogEntry>(NotALine(line)) : entry;
    }
    rest.remove_prefix(end);
  }
  entry.latency_us = Latency(ParseDouble(NextWord(rest)), 1e6);
  return entry;
}

}  // namespace

StatusOr<AccessLogEntry> ParseAccessLog(std::string_view line, AccessLogFormat format) {
  const bool json =
      format == AccessLogFormat::kJson || (format == AccessLogFormat::kAuto && line.starts_with('{'));
  return json ? ParseJson(line) : ParseText(line, format);
}

}  // namespace shadowd::kpi
