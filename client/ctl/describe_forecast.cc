#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "config/yaml_scalar.h"
#include "describe.h"
#include "describe_parts.h"
#include "print.h"

namespace shadowd::ctl {
namespace {

constexpr double kWorthNaming = 0.005;  // weight of a member

struct Column {  // of the plot: some steps together
  double expected = 0;
  double lower = 0;
  double upper = 0;
};

std::vector<Column> ColumnsOf(const v1::Forecast& forecast, size_t width) {
  const size_t steps = static_cast<size_t>(forecast.steps_size());
  const size_t count = std::min(width, steps);
  std::vector<Column> columns;
  for (size_t i = 0; i < count; ++i) {
    const size_t begin = i * steps / count;
    const size_t end = (i + 1) * steps / count;
    Column column;
    column.lower = forecast.steps(static_cast<int>(begin)).lower_rps();
    for (size_t step = begin; step < end; ++step) {
      const auto& value = forecast.steps(static_cast<int>(step));
      column.expected += value.expected_rps() / static_cast<double>(end - begin);
      column.lower = std::min(column.lower, value.lower_rps());
      column.upper = std::max(column.upper, value.upper_rps());
    }
    columns.push_back(column);
  }
  return columns;
}

std::string Length(const google::protobuf::Duration& length) {
  return config::FormatDuration(std::chrono::seconds(length.seconds()) + Micros(length.nanos() / 1000));
}

std::string ScaleText(const v1::Forecast::Scale& scale) {
  if (scale.fit() == 0) {
    return fmt::format("steps of {}: no fit yet, {} steps known\n", Length(scale.step()),
                       scale.observations());
  }
  std::string seasons;
  for (const auto& season : scale.seasons()) {
    seasons += (seasons.empty() ? "" : ", ") + Length(season);
  }
  std::string text = fmt::format(
      "steps of {}: fit {}, {} steps known, season {}{}, MASE {:.2f} on the past it was chosen on\n",
      Length(scale.step()), scale.fit(), scale.observations(), seasons.empty() ? "none" : seasons,
      scale.logarithm() ? ", logarithm of demand" : "", scale.mase());
  for (const auto& member : scale.members()) {
    if (member.weight() >= kWorthNaming) {
      text += fmt::format("  {:>3.0f} %  {}\n", 100 * member.weight(), member.name());
    }
  }
  return text;
}

std::string BlocksText(const v1::Forecast& forecast) {
  std::vector<Row> rows;
  for (const auto& block : forecast.blocks()) {
    const bool seen = block.samples() > 0;
    rows.push_back(
        {block.first_step() == block.last_step()
             ? std::to_string(block.first_step())
             : fmt::format("{}-{}", block.first_step(), block.last_step()),
         std::to_string(block.samples()), seen ? fmt::format("{:.1f} %", 100 * block.coverage()) : "-",
         seen ? fmt::format("{:.1f} %", 100 * block.above()) : "-", seen ? Short(block.pinball_rps()) : "-",
         block.mase() > 0 ? fmt::format("{:.2f}", block.mase()) : "-",
         block.msis() > 0 ? fmt::format("{:.2f}", block.msis()) : "-"});
  }
  return rows.empty() ? std::string()
                      : "\nHow its limits did\n" +
                            Table({"STEPS", "SAMPLES", "WITHIN", "ABOVE", "PINBALL", "MASE", "MSIS"}, rows);
}

std::string PeakLine(const v1::Forecast::Peak& peak) {
  if (peak.within().seconds() == 0 && peak.within().nanos() == 0) {
    return "";
  }
  std::string text = fmt::format("{} req/s expected, at most {} within {}", Short(peak.expected_rps()),
                                 Short(peak.upper_rps()), Length(peak.within()));
  if (peak.coverage_samples() > 0) {
    text += fmt::format("; {:.1f} % of {} past peaks stayed below their limit", 100 * peak.coverage_so_far(),
                        peak.coverage_samples());
  }
  return text;
}

}  // namespace

std::string PlotForecast(const v1::Forecast& forecast, size_t width, size_t height) {
  const std::vector<Column> columns = ColumnsOf(forecast, width);
  if (columns.empty()) {
    return "  (no steps)\n";
  }
  double top = forecast.last_observed_rps();
  for (const Column& column : columns) {
    top = std::max(top, column.upper);
  }
  top = top > 0 ? top : 1;
  const auto row_of = [&](double value) {
    return static_cast<size_t>(
        std::lround((1 - std::clamp(value / top, 0.0, 1.0)) * static_cast<double>(height - 1)));
  };
  std::string text;
  for (size_t row = 0; row < height; ++row) {
    const bool labelled = row % 4 == 0 || row + 1 == height;
    const double at = top * (1 - static_cast<double>(row) / static_cast<double>(height - 1));
    std::string line = fmt::format("{:>8} |", labelled ? Short(at) : "");
    line += row_of(forecast.last_observed_rps()) == row ? 'o' : ' ';
    for (const Column& column : columns) {
      const bool inside = row >= row_of(column.upper) && row <= row_of(column.lower);
      const bool limit = row == row_of(column.upper) || row == row_of(column.lower);
      line += row == row_of(column.expected) ? '*' : limit ? '-' : inside ? '.' : ' ';
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  const int64_t length = forecast.step().seconds() * forecast.steps_size();
  text += fmt::format("{:>8} +{}\n{:>8}  now{:>{}}\n", "req/s", std::string(columns.size() + 1, '-'), "",
                      fmt::format("+{} s", length), columns.size() > 2 ? columns.size() - 2 : 1);
  return text + "  * expected   - prediction limits   o observed now\n";
}

std::string Describe(const v1::Forecast& forecast, std::span<const v1::Trigger> recent) {
  std::string text = Line("Forecast", forecast.name());
  text += Line("Made", Clock(forecast.make_time().seconds()) + " by model " +
                           std::to_string(forecast.model_version()));
  text += Line("State", v1::Forecast::State_Name(forecast.state()) +
                            (forecast.degraded_reason().empty() ? "" : ": " + forecast.degraded_reason()));
  text +=
      Line("Limits",
           fmt::format("expected + {:.2f} sigma, - {:.2f} sigma, sigma {} req/s{}", forecast.k_upper(),
                       forecast.k_lower(), Short(forecast.sigma_rps()),
                       forecast.widening() > 1
                           ? fmt::format(", {:.2f} times as wide since demand changed", forecast.widening())
                           : std::string()));
  text += Line("Peak", PeakLine(forecast.peak()));
  text += Line("Coverage", fmt::format("{:.1f} % of {} observations (wanted {:.1f} %), MASE {}",
                                       100 * forecast.coverage_so_far(), forecast.coverage_samples(),
                                       100 * forecast.coverage_target(), Short(forecast.mase())));
  text += "\n" + PlotForecast(forecast, 72, 17) + BlocksText(forecast) + "\nModels\n";
  for (const auto& scale : forecast.scales()) {
    text += ScaleText(scale);
  }
  text += recent.empty() ? "\nNo trigger yet.\n" : "\nTriggers of late\n";
  for (const v1::Trigger& trigger : recent) {
    text += "  " + TriggerText(trigger) + "\n";
  }
  return text;
}

}  // namespace shadowd::ctl
