#include "csv.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <array>
#include <optional>

#include "input/demand_rows.h"

namespace shadowd::ctl {
namespace {

using google::protobuf::util::TimeUtil;
using input::DemandRows;

struct Value {
  const char* column;
  void (v1::CapacityPoint::*set)(double);
};
constexpr std::array kValues = {Value{"p50_us", &v1::CapacityPoint::set_p50_us},
                                Value{"p95_us", &v1::CapacityPoint::set_p95_us},
                                Value{"p99_us", &v1::CapacityPoint::set_p99_us},
                                Value{"error_rate", &v1::CapacityPoint::set_error_rate},
                                Value{"cpu_cores", &v1::CapacityPoint::set_cpu_cores},
                                Value{"memory_bytes", &v1::CapacityPoint::set_memory_bytes},
                                Value{"requests", &v1::CapacityPoint::set_requests}};

constexpr double kInstancesMax = 1e9;  // what fits

// Nothing where the row has none, >= 0 otherwise.
StatusOr<std::optional<double>> Cell(const DemandRows& rows, std::string_view column) {
  return rows.row().Optional(rows.row().Find(column));
}

bool Has(const DemandRows& rows, std::string_view column) {
  const auto found = rows.row().Find(column);
  return found && !rows.row().Cell(*found).empty();
}

// The point of a row, if it has what one needs.
StatusOr<std::optional<v1::CapacityPoint>> PointOf(const DemandRows& rows,
                                                   const google::protobuf::Timestamp& time) {
  SHADOWD_ASSIGN_OR_RETURN(const std::optional<double> instances, Cell(rows, "instances"));
  SHADOWD_ASSIGN_OR_RETURN(std::optional<double> load, Cell(rows, "load_rps"));
  if (!load && instances && *instances > 0 && rows.demand()) {
    load = *rows.demand() / *instances;
  }
  if ((!Has(rows, "p95_us") && !Has(rows, "cpu_cores")) || load.value_or(0) <= 0) {
    return std::optional<v1::CapacityPoint>();  // nothing was measured, or nothing ran
  }
  v1::CapacityPoint point;
  *point.mutable_time() = time;
  point.set_source(v1::CapacityPoint::PRODUCTION);
  point.set_load_rps(*load);
  if (instances) {
    point.set_instances(static_cast<int32_t>(std::min(*instances, kInstancesMax)));
  }
  for (const Value& value : kValues) {
    SHADOWD_ASSIGN_OR_RETURN(const std::optional<double> cell, Cell(rows, value.column));
    if (cell) {
      (point.*value.set)(*cell);
    }
  }
  return std::optional<v1::CapacityPoint>(point);
}

std::vector<std::string> UnusedColumns(const DemandRows& rows) {
  std::vector<std::string> unused;
  const std::vector<std::string_view>& names = rows.row().names();
  for (size_t i = 0; i < names.size(); ++i) {
    const bool known = i == rows.time_column() || i == rows.value_column() || names[i] == "instances" ||
                       names[i] == "load_rps" ||
                       std::any_of(kValues.begin(), kValues.end(),
                                   [&](const Value& value) { return names[i] == value.column; });
    if (!known) {
      unused.push_back(input::Shown(names[i]));
    }
  }
  return unused;
}

// A point without a sample size weighs what its instance answered until the next row.
void FillRequests(CsvHistory& history, double step_seconds) {
  for (v1::CapacityPoint& point : history.points) {
    if (point.requests() <= 0) {
      point.set_requests(point.load_rps() * step_seconds);
    }
  }
}

}  // namespace

StatusOr<CsvHistory> ParseHistory(std::string_view text, std::string_view file,
                                  const std::string& value_column) {
  SHADOWD_ASSIGN_OR_RETURN(DemandRows rows, DemandRows::Open(text, file, value_column));
  CsvHistory history;
  history.unused_columns = UnusedColumns(rows);
  std::optional<WallTime> first;
  double steps = 0;
  while (true) {
    SHADOWD_ASSIGN_OR_RETURN(const bool more, rows.Next());
    if (!more) {
      break;
    }
    steps += first ? 1 : 0;
    first = first ? first : rows.at();
    const auto time = TimeUtil::MicrosecondsToTimestamp(ToMicros(rows.at()));
    SHADOWD_ASSIGN_OR_RETURN(const auto point, PointOf(rows, time));
    if (point) {
      history.points.push_back(*point);
    }
    if (rows.demand()) {
      v1::DemandSample& sample = history.demand.emplace_back();
      *sample.mutable_time() = time;
      sample.set_rps(*rows.demand());
    }
  }
  if (!first) {
    return InvalidArgument("{}: no rows", file);
  }
  if (history.demand.empty() && history.points.empty()) {
    return InvalidArgument("{}: no row has a value", file);
  }
  FillRequests(history, ToSeconds(rows.at() - *first) / std::max(1.0, steps));
  return history;
}

}  // namespace shadowd::ctl
