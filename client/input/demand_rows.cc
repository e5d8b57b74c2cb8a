#include "input/demand_rows.h"

namespace shadowd::input {
namespace {

StatusOr<size_t> TimeColumn(const CsvReader& rows) {
  if (const auto time = rows.Find("time")) {
    return *time;
  }
  return rows.Column("timestamp");
}

StatusOr<size_t> ValueColumn(const CsvReader& rows, const std::string& asked) {
  if (!asked.empty()) {
    return rows.Column(asked);
  }
  const auto rps = rows.Find("rps");
  return rps && !rows.Find("value") ? *rps : rows.Column("value");
}

}  // namespace

StatusOr<DemandRows> DemandRows::Open(std::string_view text, std::string_view file,
                                      const std::string& value_column) {
  SHADOWD_ASSIGN_OR_RETURN(CsvReader rows, CsvReader::Open(text, file));
  SHADOWD_ASSIGN_OR_RETURN(const size_t time, TimeColumn(rows));
  SHADOWD_ASSIGN_OR_RETURN(const size_t value, ValueColumn(rows, value_column));
  return DemandRows(std::move(rows), time, value);
}

StatusOr<bool> DemandRows::Next() {
  SHADOWD_ASSIGN_OR_RETURN(const bool more, rows_.Next());
  if (!more) {
    return false;
  }
  SHADOWD_ASSIGN_OR_RETURN(const WallTime at, rows_.Time(time_));
  if (at_ && at <= *at_) {
    return rows_.Error(time_, "it does not come after the row before");
  }
  at_ = at;
  demand_ = std::nullopt;
  const std::string_view cell = rows_.Cell(value_);
  if (!cell.empty()) {
    demand_ = ParseNumber(cell);
    if (!demand_ || *demand_ < 0) {
      return rows_.Error(value_,
                         fmt::format("'{}', expected a number >= 0, or nothing for a gap", Shown(cell)));
    }
  }
  return true;
}

}  // namespace shadowd::input
