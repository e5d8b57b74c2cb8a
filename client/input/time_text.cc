// Times as people and exporters write them.
#include <charconv>
#include <cmath>

#include "input/csv_reader.h"

namespace shadowd::input {
namespace {

constexpr double kLatestSeconds = 1e11;  // the year 5138: beyond it the unit is not seconds

// Takes exactly `digits` digits off the front.
std::optional<int> TakeInt(std::string_view& text, size_t digits) {
  int value = 0;
  if (text.size() < digits) {
    return std::nullopt;
  }
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool Take(std::string_view& text, std::string_view one_of) {
  if (text.empty() || one_of.find(text.front()) == std::string_view::npos) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

std::optional<Micros> TakeFraction(std::string_view& text) {
  int64_t micros = 0, unit = 100'000;
  if (!Take(text, ".")) {
    return Micros(0);
  }
  size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    micros += (text[digits] - '0') * unit;
    unit /= 10;
  }
  text.remove_prefix(digits);
  return digits > 0 ? std::optional<Micros>(micros) : std::nullopt;
}

// Nothing, Z, +02:00 or +0200.
std::optional<Micros> TakeOffset(std::string_view& text) {
  if (text.empty() || text == "Z" || text == "z") {
    text = {};
    return Micros(0);
  }
  const bool west = text.front() == '-';
  if (!Take(text, "+-")) {
    return std::nullopt;
  }
  const auto hours = TakeInt(text, 2);
  Take(text, ":");
  const auto minutes = TakeInt(text, 2);
  if (!hours || !minutes || *hours > 14 || *minutes > 59) {
    return std::nullopt;
  }
  const Micros offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return west ? -offset : offset;
}

std::optional<WallTime> ParseCalendar(std::string_view text) {
  const auto year = TakeInt(text, 4);
  const bool dash = Take(text, "-");
  const auto month = TakeInt(text, 2);
  const bool dash_too = Take(text, "-");
  const auto day = TakeInt(text, 2);
  if (!year || !month || !day || !dash || !dash_too || *year < 1900) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || !Take(text, "Tt ")) {
    return std::nullopt;
  }
  const auto hour = TakeInt(text, 2);
  const bool colon = Take(text, ":");
  const auto minute = TakeInt(text, 2);
  std::optional<int> second = 0;
  if (Take(text, ":")) {
    second = TakeInt(text, 2);
  }
  if (!hour || !minute || !second || !colon || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  const auto fraction = TakeFraction(text);
  const auto offset = TakeOffset(text);
  if (!fraction || !offset || !text.empty()) {
    return std::nullopt;
  }
  const Micros since = std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(*hour) +
                       std::chrono::minutes(*minute) + std::chrono::seconds(*second) + *fraction - *offset;
  return WallTime(since);
}

}  // namespace

StatusOr<WallTime> ParseTime(std::string_view text) {
  if (const std::optional<double> seconds = ParseNumber(text)) {
    if (std::abs(*seconds) >= kLatestSeconds) {
      return InvalidArgument("'{}' is too large for Unix seconds (is it in milliseconds or finer?)",
                             Shown(text));
    }
    return WallTime(Micros(std::llround(*seconds * 1e6)));
  }
  if (const std::optional<WallTime> time = ParseCalendar(text)) {
    return *time;
  }
  return InvalidArgument("'{}', expected Unix seconds or 2026-01-31T12:00:00Z", Shown(text));
}

}  // namespace shadowd::input
