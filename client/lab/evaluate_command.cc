#include "lab/evaluate_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "input/input_file.h"
#include "lab/answer.h"
#include "lab/forecast_chart.h"
#include "lab/progress.h"

namespace shadowd::lab {
namespace {

// CPU of this process: other work on the machine does not count.
double CpuNow() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

StatusOr<std::vector<NamedSeries>> ReadSeries(const std::string& path) {
  SHADOWD_ASSIGN_OR_RETURN(const std::string text, input::ReadInput(path));
  return ParseSeries(text, path);
}

StatusOr<Evaluation> EvaluateM4(const EvaluateArguments& a) {
  EvaluateOptions options = a.evaluate;
  options.horizon = options.horizon > 0 ? options.horizon : kM4Horizon;
  SHADOWD_ASSIGN_OR_RETURN(const auto all, ReadSeries(a.m4_train));
  const bool hold_out = a.m4_test.empty();
  HeldOut parts;
  if (hold_out) {
    StatusOr<HeldOut> held = HoldOut(all, static_cast<size_t>(options.horizon));
    SHADOWD_RETURN_IF_ERROR(Annotate(held.status(), a.m4_train));
    parts = *std::move(held);
  } else {
    SHADOWD_ASSIGN_OR_RETURN(parts.test, ReadSeries(a.m4_test));
    parts.train = all;
  }
  const ProgressLine line("forecasting: series");
  SHADOWD_ASSIGN_OR_RETURN(Evaluation evaluation,
                           EvaluateSeries(parts.train, parts.test, options, CpuNow,
                                          [&line](int done, int most) { line.Show(done, most); }));
  evaluation.held_out = hold_out ? options.horizon : 0;
  return evaluation;
}

StatusOr<Evaluation> EvaluateInput(const EvaluateArguments& a) {
  SHADOWD_ASSIGN_OR_RETURN(const std::string text, input::ReadInput(a.input));
  SHADOWD_ASSIGN_OR_RETURN(const sim::Trace trace, ParseTrace(text, a.input, a.value_column));
  const ProgressLine line("forecasting: origin");
  return EvaluateTrace(trace, a.evaluate, CpuNow, [&line](int done, int most) { line.Show(done, most); });
}

}  // namespace

void AddEvaluateOptions(CLI::App& evaluate, EvaluateArguments& a) {
  EvaluateOptions& e = a.evaluate;
  evaluate.add_option(
      "--input", a.input,
      "CSV (.gz too) with the columns timestamp or time, and value or rps; rows are even steps apart,\n"
      "and where one is missing, or its value, is a gap");
  evaluate.add_option("--value-column", a.value_column, "Name of the column with the demand");
  evaluate
      .add_option(
          "--season", e.seasons,
          "Season in steps, may be repeated; found in the data where not given. What is known at the\n"
          "first forecast must hold it twice")
      ->allow_extra_args(false)
      ->check(CLI::Range(2, 1'000'000));
  evaluate
      .add_option("--horizon", e.horizon,
                  "Steps of a forecast; those of an hour where not given, 48 with --m4")
      ->check(CLI::Range(1, 4096));
  evaluate.add_option("--coverage", e.coverage, "Share of demand that shall lie within the limits")
      ->check(CLI::Range(0.5, 0.999))
      ->capture_default_str();
  evaluate.add_option("--origins", e.origins, "At most this many forecasts")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  evaluate.add_option("--test-share", e.test_share, "Share of the history, its end, that is forecast")
      ->check(CLI::Range(0.01, 0.95))
      ->capture_default_str();
  evaluate.add_option("--window-days", e.window_days, "History that is known at the first forecast")
      ->check(CLI::Range(0.001, 3650.0))
      ->capture_default_str();
  evaluate.add_option("--plot", a.plot,
                      "Draw what came, what was expected and its limits into this SVG file");
  evaluate.add_option("--m4", a.m4_train,
                      "Instead of --input: hourly series (columns series, step, value), each forecast once");
  evaluate.add_option(
      "--m4-test", a.m4_test,
      "What followed them, in the same format. Where not given, the last values of each series\n"
      "(48, or --horizon) are held out and scored");
}

Status RunEvaluate(const EvaluateArguments& a, bool json) {
  if (a.input.empty() == a.m4_train.empty()) {
    return InvalidArgument("forecast evaluate needs either --input or --m4");
  }
  if (a.m4_train.empty() && !a.m4_test.empty()) {
    return InvalidArgument("--m4-test goes with --m4, whose series it continues");
  }
  if (a.input.empty() && !a.plot.empty()) {
    return InvalidArgument("--plot draws one history: it goes with --input, not with --m4");
  }
  SHADOWD_ASSIGN_OR_RETURN(const Evaluation evaluation, a.input.empty() ? EvaluateM4(a) : EvaluateInput(a));
  if (!a.plot.empty()) {
    SHADOWD_RETURN_IF_ERROR(
        input::WriteOutput(a.plot, ForecastSvg(input::StemOf(a.input), evaluation, a.evaluate.coverage)));
  }
  const std::string text = json ? ToJson(evaluation).dump(2) + "\n" : ToText(evaluation);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return absl::OkStatus();
}

}  // namespace shadowd::lab
