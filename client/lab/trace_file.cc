#include "lab/trace_file.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "lab/csv_reader.h"
#include "lab/input_file.h"

namespace shadowd::lab {
namespace {

constexpr double kGap = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kStepsMax = 20'000'000;
constexpr int64_t kSparseMax = 50;  // steps a row, beyond which rows are not a trace
constexpr Micros kShortestStep = std::chrono::milliseconds(10);

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

Micros MedianStep(const std::vector<sim::TraceSample>& samples) {
  std::vector<Micros> steps;
  for (size_t i = 1; i < samples.size(); ++i) {
    steps.push_back(samples[i].at - samples[i - 1].at);
  }
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return *middle;
}

}  // namespace

StatusOr<std::vector<sim::TraceSample>> ParseSamples(std::string_view text, std::string_view file,
                                                     const std::string& value_column) {
  SHADOWD_ASSIGN_OR_RETURN(CsvReader rows, CsvReader::Open(text, file));
  SHADOWD_ASSIGN_OR_RETURN(const size_t time, TimeColumn(rows));
  SHADOWD_ASSIGN_OR_RETURN(const size_t value, ValueColumn(rows, value_column));
  std::vector<sim::TraceSample> samples;
  bool any = false;
  while (true) {
    SHADOWD_ASSIGN_OR_RETURN(const bool more, rows.Next());
    if (!more) {
      break;
    }
    SHADOWD_ASSIGN_OR_RETURN(const WallTime at, rows.Time(time));
    if (!samples.empty() && at <= samples.back().at) {
      return rows.Error(time, "it does not come after the row before");
    }
    double demand = kGap;
    if (!rows.Cell(value).empty()) {
      const std::optional<double> number = ParseNumber(rows.Cell(value));
      if (!number || *number < 0) {
        return rows.Error(value, fmt::format("'{}', expected a number >= 0, or nothing for a gap",
                                             Shown(rows.Cell(value))));
      }
      demand = *number;
      any = true;
    }
    samples.push_back({at, demand});
  }
  if (samples.size() < 2) {
    return InvalidArgument("{}: {} rows; a trace needs at least 2", file, samples.size());
  }
  if (!any) {
    return InvalidArgument("{}: no row has a value", file);
  }
  return samples;
}

StatusOr<sim::Trace> ParseTrace(std::string_view text, std::string_view file,
                                const std::string& value_column) {
  SHADOWD_ASSIGN_OR_RETURN(const std::vector<sim::TraceSample> samples,
                           ParseSamples(text, file, value_column));
  sim::Trace trace;
  trace.name = StemOf(std::string(file));
  trace.start = samples[0].at;
  trace.step = MedianStep(samples);
  if (trace.step < kShortestStep) {
    return InvalidArgument("{}: its rows are {} us apart; a trace needs steps of at least {} ms", file,
                           trace.step.count(), kShortestStep.count() / 1000);
  }
  const auto index = [&](WallTime at) { return (at - trace.start + trace.step / 2) / trace.step; };
  const int64_t steps = index(samples.back().at) + 1;
  if (steps > kStepsMax || steps / kSparseMax > static_cast<int64_t>(samples.size())) {
    return InvalidArgument("{}: {} rows are spread over {} steps of {} s; are its times in one unit?", file,
                           samples.size(), steps, ToSeconds(trace.step));
  }
  trace.demand_rps.assign(static_cast<size_t>(steps), kGap);
  std::vector<int> joined(static_cast<size_t>(steps), 0);
  for (const sim::TraceSample& sample : samples) {
    const auto step = static_cast<size_t>(index(sample.at));
    if (!std::isnan(sample.rps)) {  // samples of one step are averaged
      const double before = joined[step] > 0 ? trace.demand_rps[step] : 0;
      trace.demand_rps[step] = before + (sample.rps - before) / ++joined[step];
    }
  }
  return trace;
}

StatusOr<std::vector<NamedSeries>> ParseSeries(std::string_view text, std::string_view file) {
  SHADOWD_ASSIGN_OR_RETURN(CsvReader rows, CsvReader::Open(text, file));
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
        return rows.Error(series, fmt::format("the rows of '{}' do not stand together", Shown(name)));
      }
      all.push_back({std::string(name), {}});
    }
    SHADOWD_ASSIGN_OR_RETURN(const double number, rows.Number(step));
    SHADOWD_ASSIGN_OR_RETURN(const double y, rows.Number(value));
    std::vector<double>& values = all.back().values;
    if (number != static_cast<double>(values.size() + 1)) {
      return rows.Error(step, fmt::format("'{}', expected {}", Shown(rows.Cell(step)), values.size() + 1));
    }
    values.push_back(y);
  }
  if (all.empty()) {
    return InvalidArgument("{}: no rows", file);
  }
  return all;
}

}  // namespace shadowd::lab
