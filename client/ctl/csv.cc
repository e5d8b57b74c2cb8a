#include "csv.h"

#include <google/protobuf/util/time_util.h>

#include <charconv>
#include <cmath>
#include <map>
#include <optional>

namespace shadowd::ctl {
namespace {

using google::protobuf::util::TimeUtil;

std::vector<std::string> Cells(std::string_view line) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == ',') {
      cells.emplace_back();
    } else if (c != '\r' && c != ' ' && c != '\t') {
      cells.back() += c;
    }
  }
  return cells;
}

std::optional<double> Number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
  return good ? std::optional<double>(value) : std::nullopt;
}

// One row, by the names of its columns.
class RowReader {
 public:
  RowReader(const std::map<std::string, size_t>& columns, std::vector<std::string> cells, std::string place)
      : columns_(columns), cells_(std::move(cells)), place_(std::move(place)) {}

  bool Has(const std::string& column) const {
    const auto found = columns_.find(column);
    return found != columns_.end() && found->second < cells_.size() && !cells_[found->second].empty();
  }
  // >= 0.
  StatusOr<double> Value(const std::string& column) const {
    if (!Has(column)) {
      return InvalidArgument("{}: no value for {}", place_, column);
    }
    const std::optional<double> value = Number(cells_[columns_.at(column)]);
    if (!value.has_value() || *value < 0) {
      return InvalidArgument("{}: {} is '{}', expected a number >= 0", place_, column,
                             cells_[columns_.at(column)]);
    }
    return *value;
  }
  StatusOr<google::protobuf::Timestamp> Time(const std::string& column) const {
    if (!Has(column)) {
      return InvalidArgument("{}: no value for {}", place_, column);
    }
    const std::string& text = cells_[columns_.at(column)];
    if (const auto seconds = Number(text); seconds.has_value() && std::abs(*seconds) < 1e11) {
      return TimeUtil::MicrosecondsToTimestamp(std::llround(*seconds * 1e6));
    }
    google::protobuf::Timestamp time;
    if (!TimeUtil::FromString(text, &time)) {
      return InvalidArgument("{}: {} is '{}', expected Unix seconds or 2026-01-31T12:00:00Z", place_, column,
                             text);
    }
    return time;
  }
  const std::string& place() const { return place_; }

 private:
  const std::map<std::string, size_t>& columns_;
  std::vector<std::string> cells_;
  std::string place_;
};

// The point of a row, if it has what one needs.
StatusOr<std::optional<v1::CapacityPoint>> PointOf(const RowReader& row, const v1::DemandSample& demand) {
  const bool measured = row.Has("p95_us") || row.Has("cpu_cores");
  if (!measured || (!row.Has("load_rps") && !row.Has("instances"))) {
    return std::optional<v1::CapacityPoint>();
  }
  v1::CapacityPoint point;
  *point.mutable_time() = demand.time();
  point.set_source(v1::CapacityPoint::PRODUCTION);
  double instances = 0;
  if (row.Has("instances")) {
    SHADOWD_ASSIGN_OR_RETURN(instances, row.Value("instances"));
    point.set_instances(static_cast<int32_t>(instances));
  }
  double load = instances > 0 ? demand.rps() / instances : 0;
  if (row.Has("load_rps")) {
    SHADOWD_ASSIGN_OR_RETURN(load, row.Value("load_rps"));
  }
  if (load <= 0) {
    return std::optional<v1::CapacityPoint>();  // nothing ran: not a point
  }
  point.set_load_rps(load);
  using Set = void (v1::CapacityPoint::*)(double);
  constexpr std::pair<const char*, Set> kValues[] = {{"p50_us", &v1::CapacityPoint::set_p50_us},
                                                     {"p95_us", &v1::CapacityPoint::set_p95_us},
                                                     {"p99_us", &v1::CapacityPoint::set_p99_us},
                                                     {"error_rate", &v1::CapacityPoint::set_error_rate},
                                                     {"cpu_cores", &v1::CapacityPoint::set_cpu_cores},
                                                     {"memory_bytes", &v1::CapacityPoint::set_memory_bytes},
                                                     {"requests", &v1::CapacityPoint::set_requests}};
  for (const auto& [column, set] : kValues) {
    if (row.Has(column)) {
      SHADOWD_ASSIGN_OR_RETURN(const double value, row.Value(column));
      (point.*set)(value);
    }
  }
  return std::optional<v1::CapacityPoint>(point);
}

StatusOr<std::map<std::string, size_t>> ColumnsOf(std::string_view line, std::string_view file) {
  static constexpr const char* kKnown[] = {"time",       "timestamp", "rps",          "instances",
                                           "load_rps",   "p50_us",    "p95_us",       "p99_us",
                                           "error_rate", "cpu_cores", "memory_bytes", "requests"};
  std::map<std::string, size_t> columns;
  const std::vector<std::string> names = Cells(line);
  for (size_t i = 0; i < names.size(); ++i) {
    if (std::find(std::begin(kKnown), std::end(kKnown), names[i]) == std::end(kKnown)) {
      return InvalidArgument("{}:1: unknown column '{}'", file, names[i]);
    }
    if (!columns.emplace(names[i], i).second) {
      return InvalidArgument("{}:1: column '{}' is there twice", file, names[i]);
    }
  }
  if (columns.count("time") + columns.count("timestamp") != 1 || columns.count("rps") != 1) {
    return InvalidArgument("{}:1: the first line must name the columns, with 'time' and 'rps' among them",
                           file);
  }
  return columns;
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

StatusOr<CsvHistory> ParseHistory(std::string_view text, std::string_view file) {
  CsvHistory history;
  std::map<std::string, size_t> columns;
  int number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (number == 1) {
      SHADOWD_ASSIGN_OR_RETURN(columns, ColumnsOf(line, file));
      continue;
    }
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
      continue;
    }
    const RowReader row(columns, Cells(line), fmt::format("{}:{}", file, number));
    v1::DemandSample sample;
    SHADOWD_ASSIGN_OR_RETURN(*sample.mutable_time(),
                             row.Time(columns.count("time") == 1 ? "time" : "timestamp"));
    SHADOWD_ASSIGN_OR_RETURN(const double rps, row.Value("rps"));
    sample.set_rps(rps);
    if (!history.demand.empty() && !(history.demand.back().time() < sample.time())) {
      return InvalidArgument("{}: its time does not come after the row before", row.place());
    }
    SHADOWD_ASSIGN_OR_RETURN(const auto point, PointOf(row, sample));
    if (point.has_value()) {
      history.points.push_back(*point);
    }
    history.demand.push_back(std::move(sample));
  }
  if (history.demand.empty()) {
    return InvalidArgument("{}: no rows", file);
  }
  const auto span = history.demand.back().time() - history.demand.front().time();
  const double rows = static_cast<double>(std::max<size_t>(1, history.demand.size() - 1));
  FillRequests(history, static_cast<double>(TimeUtil::DurationToMicroseconds(span)) * 1e-6 / rows);
  return history;
}

}  // namespace shadowd::ctl
