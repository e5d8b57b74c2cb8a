#include "lab/capacity_fit.h"

#include <algorithm>

#include "capacity/curve.h"
#include "input/csv_reader.h"
#include "lab/condition.h"

namespace shadowd::lab {
namespace {

constexpr const char* kVersion = "1";
constexpr double kRequestsUnsaid = 60;  // seconds at the row's load
constexpr int kLevelMax = 1'000'000;

struct Columns {
  size_t load = 0;
  std::optional<size_t> cpu, p50, p95, p99, errors, requests;
};

StatusOr<Columns> ColumnsOf(const input::CsvReader& rows) {
  Columns columns;
  SHADOWD_ASSIGN_OR_RETURN(columns.load, rows.Column("load_rps"));
  columns.cpu = rows.Find("cpu_cores");
  columns.p50 = rows.Find("p50_us");
  columns.p95 = rows.Find("p95_us");
  columns.p99 = rows.Find("p99_us");
  columns.errors = rows.Find("error_rate");
  columns.requests = rows.Find("requests");
  if (!columns.p50 && !columns.p95 && !columns.p99) {
    return rows.Column("p95_us").status();
  }
  return columns;
}

StatusOr<model::CapacityPoint> PointOf(const input::CsvReader& row, const Columns& columns) {
  model::CapacityPoint point;
  point.version = kVersion;
  SHADOWD_ASSIGN_OR_RETURN(point.load_rps, row.NotNegative(columns.load));
  SHADOWD_ASSIGN_OR_RETURN(const auto cpu, row.Optional(columns.cpu));
  SHADOWD_ASSIGN_OR_RETURN(const auto p50, row.Optional(columns.p50));
  SHADOWD_ASSIGN_OR_RETURN(const auto p95, row.Optional(columns.p95));
  SHADOWD_ASSIGN_OR_RETURN(const auto p99, row.Optional(columns.p99));
  SHADOWD_ASSIGN_OR_RETURN(const auto errors, row.Optional(columns.errors));
  SHADOWD_ASSIGN_OR_RETURN(const auto requests, row.Optional(columns.requests));
  if (errors.value_or(0) > 1) {
    return row.Error(*columns.errors, fmt::format("'{}', expected a share between 0 and 1",
                                                  input::Shown(row.Cell(*columns.errors))));
  }
  point.cpu_cores = cpu.value_or(-1);
  point.p50_us = p50.value_or(-1);
  point.p95_us = p95.value_or(-1);
  point.p99_us = p99.value_or(-1);
  point.error_rate = errors.value_or(0);
  point.requests = requests.value_or(point.load_rps * kRequestsUnsaid);
  return point;
}

}  // namespace

StatusOr<std::vector<model::CapacityPoint>> ParsePoints(std::string_view text, std::string_view file) {
  SHADOWD_ASSIGN_OR_RETURN(input::CsvReader rows, input::CsvReader::Open(text, file));
  SHADOWD_ASSIGN_OR_RETURN(const Columns columns, ColumnsOf(rows));
  std::vector<model::CapacityPoint> points;
  while (true) {
    SHADOWD_ASSIGN_OR_RETURN(const bool more, rows.Next());
    if (!more) {
      break;
    }
    SHADOWD_ASSIGN_OR_RETURN(model::CapacityPoint point, PointOf(rows, columns));
    if (point.load_rps > 0) {
      points.push_back(std::move(point));
    }
  }
  if (points.empty()) {
    return InvalidArgument("{}: no rows with a load", file);
  }
  return points;
}

StatusOr<CapacityAnswer> FitCapacity(const std::vector<model::CapacityPoint>& points,
                                     const CapacityQuestion& question) {
  const auto curve = capacity::Curve::Fit(points, kVersion, WallTime());
  const bool one_load = std::all_of(points.begin(), points.end(), [&](const model::CapacityPoint& point) {
    return point.load_rps == points[0].load_rps;
  });
  if (!curve.known() || one_load) {  // a curve through one load is mostly its prior

    return InvalidArgument(
        "{} points are too few, or lie at too few loads, to tell what an instance holds; measure a few loads "
        "further apart",
        points.size());
  }
  CapacityAnswer answer;
  answer.max_load_rps = curve.MaxLoad(question.slo, question.confidence);
  answer.max_load_expected_rps = curve.MaxLoad(question.slo, 0.5);
  const auto level =
      curve.SmallestLevel(question.demand_rps, question.slo, 1, kLevelMax, question.confidence);
  answer.level = level.holds ? level.level : 0;
  for (const double load : question.loads) {
    answer.predictions.push_back(curve.Predict(load));
  }
  answer.summary = curve.Summary(question.slo);
  if (answer.max_load_rps <= 0) {
    answer.summary =
        fmt::format("no load is shown to hold {} <= {} us: one request alone takes about as long",
                    QuantileName(question.slo.latency_quantile), question.slo.latency_limit.count());
  }
  return answer;
}

}  // namespace shadowd::lab
