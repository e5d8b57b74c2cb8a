#include "config/yaml_scalar.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace shadowd::config {
namespace {

struct Unit {
  std::string_view name;
  int64_t factor;
};
constexpr std::array kTimeUnits = {Unit{"d", 86'400'000'000}, Unit{"h", 3'600'000'000}, Unit{"m", 60'000'000},
                                   Unit{"s", 1'000'000},      Unit{"ms", 1'000},        Unit{"us", 1}};
constexpr std::array kSizeUnits = {Unit{"KiB", 1LL << 10},
                                   Unit{"MiB", 1LL << 20},
                                   Unit{"GiB", 1LL << 30},
                                   Unit{"TiB", 1LL << 40},
                                   Unit{"kB", 1'000},
                                   Unit{"MB", 1'000'000},
                                   Unit{"GB", 1'000'000'000},
                                   Unit{"TB", 1'000'000'000'000},
                                   Unit{"B", 1}};
constexpr double kLimit = 9.2e18;  // just below 2^63

Status Expected(std::string_view what, std::string_view text) {
  return InvalidArgument("expected {}, not '{}'", what, text.substr(0, 80));
}

template <typename Units>
const Unit* Find(const Units& units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) {
      return &unit;
    }
  }
  return nullptr;
}

bool IsUnitLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Takes "12.5ms" off the front of text; false when there is no such thing.
bool TakeQuantity(std::string_view& text, double& value, std::string_view& unit) {
  size_t digits = 0;
  while (digits < text.size() && ((text[digits] >= '0' && text[digits] <= '9') || text[digits] == '.')) {
    ++digits;
  }
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + digits, value, std::chars_format::fixed);
  if (digits == 0 || error != std::errc() || end != text.data() + digits) {
    return false;
  }
  text.remove_prefix(digits);
  size_t letters = 0;
  while (letters < text.size() && IsUnitLetter(text[letters])) {
    ++letters;
  }
  unit = text.substr(0, letters);
  text.remove_prefix(letters);
  return true;
}

}  // namespace

StatusOr<Micros> ParseDuration(std::string_view text) {
  constexpr std::string_view kWhat = "a time like 250ms, 10s, 5m or 1h30m";
  if (text == "0") {
    return Micros(0);
  }
  const bool negative = text.starts_with('-');
  std::string_view rest = text.substr(negative ? 1 : 0);
  double total = 0;
  int64_t last_factor = std::numeric_limits<int64_t>::max();
  do {
    double value = 0;
    std::string_view name;
    const Unit* unit = TakeQuantity(rest, value, name) ? Find(kTimeUnits, name) : nullptr;
    if (unit == nullptr || unit->factor >= last_factor) {
      return Expected(kWhat, text);
    }
    last_factor = unit->factor;
    total += value * static_cast<double>(unit->factor);
  } while (!rest.empty());
  if (total > kLimit) {
    return Expected("a shorter time", text);
  }
  const int64_t micros = std::llround(total);
  return Micros(negative ? -micros : micros);
}

std::string FormatDuration(Micros length) {
  if (length.count() == 0) {
    return "0s";
  }
  std::string text = length.count() < 0 ? "-" : "";
  uint64_t rest =
      length.count() < 0 ? 0 - static_cast<uint64_t>(length.count()) : static_cast<uint64_t>(length.count());
  for (const Unit& unit : kTimeUnits) {
    const uint64_t count = rest / static_cast<uint64_t>(unit.factor);
    if (count > 0) {
      text += fmt::format("{}{}", count, unit.name);
      rest -= count * static_cast<uint64_t>(unit.factor);
    }
  }
  return text;
}

StatusOr<uint64_t> ParseSize(std::string_view text) {
  constexpr std::string_view kWhat = "a size like 65536, 64KiB or 1.5GiB";
  uint64_t plain = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), plain);
  if (error == std::errc() && end == text.data() + text.size()) {
    return plain;  // all 64 bits
  }
  double value = 0;
  std::string_view rest = text;
  std::string_view name;
  const Unit* unit = TakeQuantity(rest, value, name) ? Find(kSizeUnits, name) : nullptr;
  const double bytes = unit == nullptr ? kLimit : value * static_cast<double>(unit->factor);
  if (!rest.empty() || !(bytes < kLimit)) {
    return Expected(kWhat, text);
  }
  return static_cast<uint64_t>(bytes + 0.5);
}

StatusOr<int64_t> ParseInteger(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Expected("a whole number", text);
  }
  return value;
}

StatusOr<double> ParseNumber(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return Expected("a number", text);
  }
  return value;
}

StatusOr<bool> ParseSwitch(std::string_view text) {
  if (text != "true" && text != "false") {
    return Expected("true or false", text);
  }
  return text == "true";
}

}  // namespace shadowd::config
