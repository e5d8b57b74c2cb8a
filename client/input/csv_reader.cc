#include "input/csv_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace shadowd::input {
namespace {

constexpr size_t kColumnsMax = 1000;

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

std::string Shown(std::string_view text) {
  constexpr size_t kMost = 40;
  std::string shown;
  for (const char c : text.substr(0, kMost)) {
    shown += c >= ' ' && c <= '~' ? c : '?';
  }
  return text.size() > kMost ? shown + "..." : shown;
}

StatusOr<CsvReader> CsvReader::Open(std::string_view text, std::string_view file) {
  if (text.starts_with("\xef\xbb\xbf")) {
    text.remove_prefix(3);
  }
  CsvReader reader(text, file);
  if (Trimmed(text).empty() || text.find_first_not_of("\r\n\t ") == std::string_view::npos) {
    return InvalidArgument("{}: the file is empty", file);
  }
  const std::string_view head = reader.TakeLine();
  if (!reader.Split(head, reader.names_)) {
    return InvalidArgument("{}:1: more than {} columns", file, kColumnsMax);
  }
  for (size_t i = 0; i < reader.names_.size(); ++i) {
    const auto end = reader.names_.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(reader.names_.begin(), end, reader.names_[i]) != end && !reader.names_[i].empty()) {
      return InvalidArgument("{}:1: column '{}' is there twice", file, Shown(reader.names_[i]));
    }
  }
  return reader;
}

std::string_view CsvReader::TakeLine() {
  const size_t end = std::min(rest_.find('\n'), rest_.size());
  const std::string_view line = rest_.substr(0, end);
  rest_.remove_prefix(std::min(end + 1, rest_.size()));
  ++line_;
  return line;
}

// False for too many cells.
bool CsvReader::Split(std::string_view line, std::vector<std::string_view>& cells) const {
  cells.clear();
  while (cells.size() < kColumnsMax) {
    const std::string_view start = Trimmed(line);
    size_t from = 0;
    const bool quoted = start.starts_with('"');
    if (quoted) {
      const auto open = static_cast<size_t>(start.data() - line.data());
      const size_t close = line.find('"', open + 1);
      from = close == std::string_view::npos ? 0 : close;
    }
    const size_t comma = line.find(',', from);
    std::string_view cell = Trimmed(line.substr(0, comma));
    if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') {
      cell = Trimmed(cell.substr(1, cell.size() - 2));
    }
    cells.push_back(cell);
    if (comma == std::string_view::npos) {
      return true;
    }
    line.remove_prefix(comma + 1);
  }
  return false;
}

std::optional<size_t> CsvReader::Find(std::string_view column) const {
  const auto found = std::find(names_.begin(), names_.end(), column);
  return found == names_.end() ? std::nullopt : std::optional<size_t>(found - names_.begin());
}

StatusOr<size_t> CsvReader::Column(std::string_view column) const {
  if (const auto found = Find(column)) {
    return *found;
  }
  std::string names;
  for (const std::string_view name : names_) {
    if (names.size() > 200) {
      names += ", ...";
      break;
    }
    names += (names.empty() ? "" : ", ") + Shown(name);
  }
  return InvalidArgument("{}:1: there is no column '{}'; the first line names: {}", file_, Shown(column),
                         names);
}

StatusOr<bool> CsvReader::Next() {
  while (!rest_.empty()) {
    const std::string_view line = TakeLine();
    if (Trimmed(line).empty()) {
      continue;
    }
    if (!Split(line, cells_) || cells_.size() > names_.size()) {
      return InvalidArgument("{}:{}: {} cells, but the first line names {} columns (a decimal comma?)", file_,
                             line_, cells_.size(), names_.size());
    }
    return true;
  }
  return false;
}

std::string_view CsvReader::Cell(size_t column) const {
  return column < cells_.size() ? cells_[column] : std::string_view();
}

Status CsvReader::Error(size_t column, std::string_view what) const {
  const std::string name(column < names_.size() ? Shown(names_[column]) : "?");
  return WithField(InvalidArgument("{}:{}: {}: {}", file_, line_, name, what), name);
}

StatusOr<double> CsvReader::Number(size_t column) const {
  const std::optional<double> value = ParseNumber(Cell(column));
  if (!value) {
    return Error(column, fmt::format("'{}' is not a number", Shown(Cell(column))));
  }
  return *value;
}

StatusOr<double> CsvReader::NotNegative(size_t column) const {
  const std::optional<double> value = ParseNumber(Cell(column));
  if (!value || *value < 0) {
    return Error(column, fmt::format("'{}', expected a number >= 0", Shown(Cell(column))));
  }
  return *value;
}

StatusOr<std::optional<double>> CsvReader::Optional(std::optional<size_t> column) const {
  if (!column || Cell(*column).empty()) {
    return std::optional<double>();
  }
  SHADOWD_ASSIGN_OR_RETURN(const double value, NotNegative(*column));
  return std::optional<double>(value);
}

StatusOr<WallTime> CsvReader::Time(size_t column) const {
  StatusOr<WallTime> time = ParseTime(Cell(column));
  if (!time.ok()) {
    return Error(column, MessageOf(time.status()));
  }
  return time;
}

std::optional<double> ParseNumber(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
  return good ? std::optional<double>(value) : std::nullopt;
}

}  // namespace shadowd::input
