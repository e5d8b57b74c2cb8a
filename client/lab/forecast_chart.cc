#include "lab/forecast_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "lab/chart.h"

namespace shadowd::lab {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

std::string Figure(std::optional<double> value) {
  return value ? fmt::format("{:.3g}", *value) : std::string("unknown");
}

std::string Length(Micros length) {
  const double seconds = ToSeconds(length);
  if (seconds < 120) {
    return fmt::format("{:.3g} s", seconds);
  }
  return seconds < 3600 ? fmt::format("{:.3g} min", seconds / 60) : fmt::format("{:.3g} h", seconds / 3600);
}

// What was seen where `outside` holds for it and a limit.
std::vector<double> Misses(const std::vector<double>& observed, const std::vector<double>& limit,
                           bool (*outside)(double seen, double limit)) {
  std::vector<double> misses;
  for (size_t i = 0; i < observed.size(); ++i) {
    misses.push_back(outside(observed[i], limit[i]) ? observed[i] : kNothing);
  }
  return misses;
}

size_t CountOf(const std::vector<double>& values) {
  return static_cast<size_t>(
      std::count_if(values.begin(), values.end(), [](double v) { return std::isfinite(v); }));
}

// Of those that are numbers; 0 where none is.
double Largest(const std::vector<double>& values) {
  double most = 0;
  for (const double v : values) {
    most = v > most ? v : most;
  }
  return most;
}

Panel DemandPanel(const ScoredPath& path) {
  std::vector<double> above =
      Misses(path.observed, path.upper, [](double seen, double limit) { return seen > limit; });
  std::vector<double> below =
      Misses(path.observed, path.lower, [](double seen, double limit) { return seen < limit; });
  Panel panel{.title = "Demand", .height = 360};
  panel.y_most = 1.4 * std::max(Largest(path.observed), Largest(path.expected));  // a limit may be far off
  panel.lines.push_back({.name = fmt::format("{} steps above their limits", CountOf(above)),
                         .colour = "#c00000",
                         .y = std::move(above),
                         .dots = true});
  panel.lines.push_back({.name = fmt::format("{} below", CountOf(below)),
                         .colour = "#e69f00",
                         .y = std::move(below),
                         .dots = true});
  panel.lines.push_back(
      {.name = "expected", .colour = "#0072b2", .y = path.expected, .peaks = false, .bold = true});
  panel.lines.push_back({.name = "observed", .colour = "#555555", .y = path.observed, .peaks = false});
  panel.lines.push_back(
      {.name = "limits", .colour = "#56b4e9", .y = path.upper, .filled = true, .from = path.lower});
  if (path.observed.size() > kChartColumns) {
    panel.lines.push_back({.name = "observed, least to largest",
                           .colour = "#999999",
                           .y = path.observed,
                           .filled = true,
                           .from = path.observed});
  }
  return panel;
}

std::vector<std::string> Notes(const Evaluation& evaluation, double coverage) {
  const forecast::Scores& scores = evaluation.scores;
  const WallTime end =
      evaluation.path.start + evaluation.step * static_cast<int64_t>(evaluation.path.observed.size());
  std::string peaks =
      fmt::format("{:.1f} % of the peaks stayed below the upper limit", scores.peak_coverage * 100);
  if (scores.mean_upper_margin) {
    peaks += fmt::format(", which lay {:.0f} % above the peak on average", *scores.mean_upper_margin * 100);
  }
  return {fmt::format("{} to {} UTC in steps of {}. Each forecast knows only what came before it.",
                      CalendarText(evaluation.path.start), CalendarText(end), Length(evaluation.step)),
          fmt::format("{:.1f} % of the steps lay within their limits (wanted: {:.4g} %).",
                      scores.coverage * 100, coverage * 100),
          peaks + ".",
          fmt::format("MASE {} (1 = as wrong as repeating the last season), sMAPE {:.3g} %, MSIS {} (limits: "
                      "width and misses; less is better).",
                      Figure(scores.mase), scores.smape, Figure(scores.msis))};
}

}  // namespace

std::string ForecastSvg(const std::string& name, const Evaluation& evaluation, double coverage) {
  Chart chart{.heading = fmt::format("{}: {} forecasts of {} each, against what came", name,
                                     evaluation.scores.origins, Length(evaluation.step * evaluation.horizon)),
              .notes = Notes(evaluation, coverage),
              .start = evaluation.path.start,
              .step = evaluation.step};
  chart.panels.push_back(DemandPanel(evaluation.path));
  return DrawChart(chart);
}

}  // namespace shadowd::lab
