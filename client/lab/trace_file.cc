#include "lab/trace_file.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "input/csv_reader.h"
#include "input/demand_rows.h"
#include "input/input_file.h"

namespace shadowd::lab {
namespace {

constexpr double kGap = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kStepsMax = 20'000'000;
constexpr int64_t kSparseMax = 50;     // steps a row, beyond which rows are not a trace
constexpr int64_t kJitterShare = 100;  // of a step that a row may lie off it
constexpr Micros kShortestStep = std::chrono::milliseconds(10);

struct Rows {
  std::vector<sim::TraceSample> samples;
  std::vector<int> lines;  // of each sample
};

StatusOr<Rows> ReadHistory(std::string_view text, std::string_view file, const std::string& value_column) {
  SHADOWD_ASSIGN_OR_RETURN(input::DemandRows reader, input::DemandRows::Open(text, file, value_column));
  Rows rows;
  while (true) {
    SHADOWD_ASSIGN_OR_RETURN(const bool more, reader.Next());
    if (!more) {
      break;
    }
    rows.samples.push_back({reader.at(), reader.demand().value_or(kGap)});
    rows.lines.push_back(reader.row().line());
  }
  if (rows.samples.size() < 2) {
    return InvalidArgument("{}: {} rows; a trace needs at least 2", file, rows.samples.size());
  }
  if (std::all_of(rows.samples.begin(), rows.samples.end(),
                  [](const sim::TraceSample& sample) { return std::isnan(sample.rps); })) {
    return InvalidArgument("{}: no row has a value", file);
  }
  return rows;
}

Micros MedianStep(const std::vector<sim::TraceSample>& samples) {
  std::vector<Micros> steps;
  for (size_t i = 1; i < samples.size(); ++i) {
    steps.push_back(samples[i].at - samples[i - 1].at);
  }
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return *middle;
}

// Puts the rows on the steps that begin with the first of them; a row between two steps is a fault.
Status PlaceRows(const Rows& rows, std::string_view file, sim::Trace& trace) {
  const Micros tolerance = trace.step / kJitterShare;
  int64_t last = -1;
  for (size_t i = 0; i < rows.samples.size(); ++i) {
    const int64_t step = (rows.samples[i].at - trace.start + trace.step / 2) / trace.step;
    const Micros off = rows.samples[i].at - trace.start - trace.step * step;
    if (off > tolerance || off < -tolerance) {
      return InvalidArgument(
          "{}:{}: its time lies {:.6g} s off the even steps of {:.6g} s from the first row on; expected "
          "whole "
          "steps between rows, within {:.6g} s (a row that is missing is a gap)",
          file, rows.lines[i], std::abs(ToSeconds(off)), ToSeconds(trace.step), ToSeconds(tolerance));
    }
    if (step == last) {
      return InvalidArgument("{}:{}: its time lies in the same step of {:.6g} s as that of the row before",
                             file, rows.lines[i], ToSeconds(trace.step));
    }
    trace.demand_rps[static_cast<size_t>(step)] = rows.samples[i].rps;
    last = step;
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<std::vector<sim::TraceSample>> ParseSamples(std::string_view text, std::string_view file,
                                                     const std::string& value_column) {
  SHADOWD_ASSIGN_OR_RETURN(Rows rows, ReadHistory(text, file, value_column));
  return std::move(rows.samples);
}

StatusOr<sim::Trace> ParseTrace(std::string_view text, std::string_view file,
                                const std::string& value_column) {
  SHADOWD_ASSIGN_OR_RETURN(const Rows rows, ReadHistory(text, file, value_column));
  sim::Trace trace;
  trace.name = input::StemOf(std::string(file));
  trace.start = rows.samples[0].at;
  trace.step = MedianStep(rows.samples);
  if (trace.step < kShortestStep) {
    return InvalidArgument("{}: its rows are {} us apart; a trace needs steps of at least {} ms", file,
                           trace.step.count(), kShortestStep.count() / 1000);
  }
  const int64_t steps = (rows.samples.back().at - trace.start + trace.step / 2) / trace.step + 1;
  if (steps > kStepsMax || steps / kSparseMax > static_cast<int64_t>(rows.samples.size())) {
    return InvalidArgument("{}: {} rows are spread over {} steps of {} s; are its times in one unit?", file,
                           rows.samples.size(), steps, ToSeconds(trace.step));
  }
  trace.demand_rps.assign(static_cast<size_t>(steps), kGap);
  SHADOWD_RETURN_IF_ERROR(PlaceRows(rows, file, trace));
  return trace;
}

StatusOr<std::vector<NamedSeries>> ParseSeries(std::string_view text, std::string_view file) {
  SHADOWD_ASSIGN_OR_RETURN(input::CsvReader rows, input::CsvReader::Open(text, file));
  SHADOWD_ASSIGN_OR_RETURN(const size_t series, rows.Column("series"));
  SHADOWD_ASSIGN_OR_RETURN(const size_t step, rows.Column("step"));
  SHADOWD_ASSIGN_OR_RETURN(const size_t value, rows.Column("value"));
  std::vector<NamedSeries> all;
  std::set<std::string, std::less<>> seen;
  while (true) {
    SHADOWD_ASSIGN_OR_RETURN(const bool more, rows.Next());
    if (!more) {
      break;
    }
    const std::string_view name = rows.Cell(series);
    if (name.empty()) {
      return rows.Error(series, "it is empty");
    }
    if (all.empty() || all.back().name != name) {
      if (!seen.emplace(name).second) {
        return rows.Error(series, fmt::format("the rows of '{}' do not stand together", input::Shown(name)));
      }
      all.push_back({std::string(name), {}});
    }
    SHADOWD_ASSIGN_OR_RETURN(const double number, rows.Number(step));
    SHADOWD_ASSIGN_OR_RETURN(const double y, rows.Number(value));
    std::vector<double>& values = all.back().values;
    if (number != static_cast<double>(values.size() + 1)) {
      return rows.Error(step,
                        fmt::format("'{}', expected {}", input::Shown(rows.Cell(step)), values.size() + 1));
    }
    values.push_back(y);
  }
  if (all.empty()) {
    return InvalidArgument("{}: no rows", file);
  }
  return all;
}

}  // namespace shadowd::lab
