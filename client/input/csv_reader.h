// Rows of a CSV text by the names of its columns (the first line). Cells may stand in double quotes. Nothing
// is copied: the text must outlive the reader. Every error is INVALID_ARGUMENT "file:line: column: what".
// Single thread, no IO.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"

namespace shadowd::input {

class CsvReader {
 public:
  // Needs a first line with names.
  static StatusOr<CsvReader> Open(std::string_view text, std::string_view file);

  std::optional<size_t> Find(std::string_view column) const;
  StatusOr<size_t> Column(std::string_view column) const;  // the error names the columns there are

  // Moves on to the next row that is not blank; false at the end. A row may be short, but not long.
  StatusOr<bool> Next();
  int line() const { return line_; }
  const std::vector<std::string_view>& names() const { return names_; }  // of the columns

  std::string_view Cell(size_t column) const;  // "" where the row has none
  StatusOr<double> Number(size_t column) const;
  StatusOr<double> NotNegative(size_t column) const;
  // An empty cell or a column that is not there is nothing.
  StatusOr<std::optional<double>> Optional(std::optional<size_t> column) const;  // >= 0
  StatusOr<WallTime> Time(size_t column) const;

  // "file:line: column: what" for a cell of the present row.
  Status Error(size_t column, std::string_view what) const;

 private:
  CsvReader(std::string_view text, std::string_view file) : rest_(text), file_(file) {}
  std::string_view TakeLine();
  bool Split(std::string_view line, std::vector<std::string_view>& cells) const;

  std::string_view rest_;
  std::string file_;
  int line_ = 0;
  std::vector<std::string_view> names_;
  std::vector<std::string_view> cells_;
};

// Bytes of others as they may be shown in a message: printable, and not long.
std::string Shown(std::string_view text);

// Unix seconds, or "2026-01-31T12:00:00Z" with a fraction, an offset, or a blank for the T; without a zone it
// is UTC. The error says what was expected.
StatusOr<WallTime> ParseTime(std::string_view text);

// A finite number and nothing else.
std::optional<double> ParseNumber(std::string_view text);

}  // namespace shadowd::input
