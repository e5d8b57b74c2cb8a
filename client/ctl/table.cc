#include "table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace shadowd::ctl {
namespace {

// Letters as people see them: UTF-8 continuation bytes take no room.
size_t WidthOf(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string Table(const Row& header, const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  for (const std::string& cell : header) {
    widths.push_back(WidthOf(cell));
  }
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], WidthOf(row[i]));
    }
  }
  std::string text;
  const auto add = [&](const Row& row) {
    for (size_t i = 0; i < row.size(); ++i) {
      const bool last = i + 1 == row.size();
      text += row[i] + (last ? "" : std::string(widths[i] - WidthOf(row[i]) + 2, ' '));
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  };
  add(header);
  for (const Row& row : rows) {
    add(row);
  }
  return text;
}

std::string Short(double value) {
  const double size = std::abs(value);
  if (size >= 1e9) {
    return fmt::format("{:.3g}G", value / 1e9);
  }
  if (size >= 1e6) {
    return fmt::format("{:.3g}M", value / 1e6);
  }
  if (size >= 1e4) {
    return fmt::format("{:.3g}k", value / 1e3);
  }
  return size >= 100 ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}", value);
}

}  // namespace shadowd::ctl
