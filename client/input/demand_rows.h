// A history of demand from a CSV text, row by row: a column of times ("time" or "timestamp": Unix seconds or
// RFC 3339, rising) and one of values ("value", or "rps" where that is what there is); an empty value is a
// gap. Other columns are for whoever knows them. The text must outlive the reader. Every error is
// INVALID_ARGUMENT "file:line: column: what". Single thread, no IO.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"
#include "input/csv_reader.h"

namespace shadowd::input {

class DemandRows {
 public:
  // `value_column` "" means "value" or "rps".
  static StatusOr<DemandRows> Open(std::string_view text, std::string_view file,
                                   const std::string& value_column = "");

  // Moves on to the next row; false at the end.
  StatusOr<bool> Next();
  WallTime at() const { return *at_; }
  std::optional<double> demand() const { return demand_; }  // >= 0; nothing = a gap

  const CsvReader& row() const { return rows_; }
  size_t time_column() const { return time_; }
  size_t value_column() const { return value_; }

 private:
  DemandRows(CsvReader rows, size_t time, size_t value)
      : rows_(std::move(rows)), time_(time), value_(value) {}

  CsvReader rows_;
  size_t time_;
  size_t value_;
  std::optional<WallTime> at_;
  std::optional<double> demand_;
};

}  // namespace shadowd::input
