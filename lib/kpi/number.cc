#include "kpi/number.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace shadowd::kpi {

std::optional<double> ParseDouble(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) {
      return std::nullopt;
    }
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty()) {
    return std::nullopt;
  }
  if (error == std::errc::result_out_of_range) {
    return std::numeric_limits<double>::infinity();
  }
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

std::string Excerpt(std::string_view text) {
  constexpr size_t kMost = 80;
  std::string out;
  for (const char c : text.substr(0, kMost)) {
    out += c >= 0x20 && c < 0x7f ? c : ' ';
  }
  return text.size() > kMost ? out + "..." : out;
}

}  // namespace shadowd::kpi
