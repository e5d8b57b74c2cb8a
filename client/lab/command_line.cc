#include "lab/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <functional>
#include <nlohmann/json.hpp>

#include "ctl/exit_code.h"
#include "lab/answer.h"
#include "lab/condition.h"
#include "lab/input_file.h"
#include "lab/replay_command.h"
#include "lab/simulate_command.h"

namespace shadowd::lab {
namespace {

// Everything that options are read into.
struct Arguments {
  bool json = false;
  std::string input, value_column, m4_train, m4_test;
  EvaluateOptions evaluate;
  std::string points, slo;
  CapacityQuestion capacity;
  std::string prediction, samples, null_samples, production;
  std::vector<std::string> limits;
  AnalyzeInput analyze;
  double warm_up_seconds = 0;
  SimulateArguments simulate;
  ReplayArguments replay;
  bool differs = false;             // a replay's answer, exit code 1
  std::function<Status()> command;  // what was asked for
};

// CPU of this process: other work on the machine does not count.
double CpuNow() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

void Print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void Print(const Arguments& a, const nlohmann::ordered_json& json, const std::string& text) {
  Print(a.json ? json.dump(2) + "\n" : text);
}

StatusOr<std::vector<NamedSeries>> ReadSeries(const std::string& path) {
  SHADOWD_ASSIGN_OR_RETURN(const std::string text, ReadInput(path));
  return ParseSeries(text, path);
}

StatusOr<Evaluation> EvaluateM4(const Arguments& a) {
  if (a.m4_test.empty()) {
    return InvalidArgument("--m4 needs --m4-test, the steps that followed");
  }
  if (a.evaluate.horizon <= 0 || a.evaluate.seasons.empty()) {
    return InvalidArgument("--m4 needs --horizon and --season (of the hourly series: 48, and 24 and 168)");
  }
  SHADOWD_ASSIGN_OR_RETURN(const auto train, ReadSeries(a.m4_train));
  SHADOWD_ASSIGN_OR_RETURN(const auto test, ReadSeries(a.m4_test));
  return EvaluateSeries(train, test, a.evaluate, CpuNow);
}

StatusOr<Evaluation> EvaluateInput(const Arguments& a) {
  SHADOWD_ASSIGN_OR_RETURN(const std::string text, ReadInput(a.input));
  SHADOWD_ASSIGN_OR_RETURN(const sim::Trace trace, ParseTrace(text, a.input, a.value_column));
  return EvaluateTrace(trace, a.evaluate, CpuNow);
}

Status RunEvaluate(const Arguments& a) {
  if (a.input.empty() == a.m4_train.empty()) {
    return InvalidArgument("forecast evaluate needs --input, or --m4 and --m4-test");
  }
  SHADOWD_ASSIGN_OR_RETURN(const Evaluation evaluation, a.input.empty() ? EvaluateM4(a) : EvaluateInput(a));
  Print(a, ToJson(evaluation), ToText(evaluation));
  return absl::OkStatus();
}

Status RunCapacity(Arguments& a) {
  SHADOWD_ASSIGN_OR_RETURN(a.capacity.slo, ParseSlo({a.slo}));
  SHADOWD_ASSIGN_OR_RETURN(const std::string text, ReadInput(a.points));
  SHADOWD_ASSIGN_OR_RETURN(const auto points, ParsePoints(text, a.points));
  SHADOWD_ASSIGN_OR_RETURN(const CapacityAnswer answer, FitCapacity(points, a.capacity));
  Print(a, ToJson(answer, a.capacity), ToText(answer, a.capacity));
  return absl::OkStatus();
}

StatusOr<std::vector<RequestSample>> ReadRequests(const std::string& path) {
  if (path.empty()) {
    return std::vector<RequestSample>();
  }
  SHADOWD_ASSIGN_OR_RETURN(const std::string text, ReadInput(path));
  return ParseRequests(text, path);
}

Status RunAnalyze(Arguments& a) {
  if (a.null_samples.empty() != a.production.empty()) {
    return InvalidArgument("--null and --production go together: each makes the other comparable");
  }
  if (!a.limits.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(a.analyze.limit, ParseSlo(a.limits));
  }
  SHADOWD_ASSIGN_OR_RETURN(const std::string json, ReadInput(a.prediction));
  SHADOWD_ASSIGN_OR_RETURN(a.analyze.predicted, ParsePrediction(json, a.prediction));
  SHADOWD_ASSIGN_OR_RETURN(a.analyze.samples, ReadRequests(a.samples));
  SHADOWD_ASSIGN_OR_RETURN(a.analyze.null, ReadRequests(a.null_samples));
  SHADOWD_ASSIGN_OR_RETURN(a.analyze.production, ReadRequests(a.production));
  a.analyze.warm_up = FromSeconds(a.warm_up_seconds);
  const Analysis analysis = Analyze(a.analyze);
  const bool with_limit = a.analyze.limit.has_value();
  Print(a, ToJson(analysis, with_limit), ToText(analysis, with_limit));
  return absl::OkStatus();
}

CLI::App* Add(CLI::App& app, Arguments& a, const char* name, const char* help,
              std::function<Status()> command) {
  CLI::App* sub = app.add_subcommand(name, help);
  sub->fallthrough();
  sub->callback([&a, command = std::move(command)] { a.command = command; });
  return sub;
}

CLI::App* AddGroup(CLI::App& app, const char* name, const char* help) {
  CLI::App* group = app.add_subcommand(name, help);
  group->fallthrough()->require_subcommand(1);
  group->set_help_flag();  // its help is that of all its commands
  group->set_help_all_flag("-h,--help", "Print this help message and exit");
  return group;
}

void AddForecast(CLI::App& app, Arguments& a) {
  CLI::App* group = AddGroup(app, "forecast", "The forecast on past demand");
  CLI::App* evaluate = Add(*group, a, "evaluate", "Score the forecast on a history, from origin to origin",
                           [&a] { return RunEvaluate(a); });
  EvaluateOptions& e = a.evaluate;
  evaluate->add_option("--input", a.input,
                       "CSV (.gz too) with the columns timestamp or time, and value or rps");
  evaluate->add_option("--value-column", a.value_column, "Name of the column with the demand");
  evaluate
      ->add_option("--season", e.seasons,
                   "Season in steps, may be repeated; found in the data where not given")
      ->allow_extra_args(false)
      ->check(CLI::Range(2, 1'000'000));
  evaluate->add_option("--horizon", e.horizon, "Steps of a forecast; those of an hour where not given")
      ->check(CLI::Range(1, 4096));
  evaluate->add_option("--coverage", e.coverage, "Share of demand that shall lie within the limits")
      ->check(CLI::Range(0.5, 0.999))
      ->capture_default_str();
  evaluate->add_option("--origins", e.origins, "At most this many forecasts")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  evaluate->add_option("--test-share", e.test_share, "Share of the history, its end, that is forecast")
      ->check(CLI::Range(0.01, 0.95))
      ->capture_default_str();
  evaluate->add_option("--window-days", e.window_days, "History that is known at the first forecast")
      ->check(CLI::Range(0.001, 3650.0))
      ->capture_default_str();
  evaluate->add_option("--m4", a.m4_train,
                       "Instead of --input: training series (columns series, step, value)");
  evaluate->add_option("--m4-test", a.m4_test, "What followed, in the same format");
}

void AddCapacity(CLI::App& app, Arguments& a) {
  CLI::App* group = AddGroup(app, "capacity", "What an instance holds");
  CLI::App* fit = Add(*group, a, "fit", "Fit the capacity curve to measured points and ask it",
                      [&a] { return RunCapacity(a); });
  fit->add_option("--points", a.points,
                  "CSV; columns load_rps and any of cpu_cores, p50_us, p95_us, p99_us, error_rate, requests")
      ->required();
  fit->add_option("--slo", a.slo, "'p95_us<=50000' (or p50_us, p99_us), also ',error_rate<=0.01'")
      ->required();
  fit->add_option("--demand", a.capacity.demand_rps, "Requests per second of the whole service")
      ->required()
      ->check(CLI::Range(0.0, 1e12));
  fit->add_option("--predict", a.capacity.loads,
                  "Predict the KPIs at this load of an instance; may be repeated")
      ->allow_extra_args(false)
      ->check(CLI::Range(1e-6, 1e12));
  fit->add_option("--confidence", a.capacity.confidence, "Of the largest load; 0.5 = as likely as not")
      ->check(CLI::Range(0.05, 0.99))
      ->capture_default_str();
}

void AddAnalyze(CLI::App& app, Arguments& a) {
  CLI::App* analyze =
      Add(app, a, "analyze", "Judge a recorded shadow as the analysis engine would have, and when",
          [&a] { return RunAnalyze(a); });
  analyze
      ->add_option("--prediction", a.prediction,
                   R"(JSON: {"latency_us": {"p95": 40000, "p99": 60000}, "error_rate": 0})")
      ->required();
  analyze->add_option("--samples", a.samples, "CSV; columns time_us, latency_us, ok, in their order")
      ->required();
  analyze->add_option("--null", a.null_samples, "The same of a shadow at production's load");
  analyze->add_option("--production", a.production, "The same of production, beside --null");
  analyze->add_option("--tolerance", a.analyze.tolerance, "Delta of a KPI that is still as predicted")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  analyze->add_option("--alpha", a.analyze.alpha, "Error bound of the verdict")
      ->check(CLI::Range(1e-9, 0.5))
      ->capture_default_str();
  analyze->add_option("--limit", a.limits, "The SLO to hold: 'p95_us<=N', also ',error_rate<=R'")
      ->allow_extra_args(false);
  analyze->add_option("--warm-up", a.warm_up_seconds, "Seconds left out at the start")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
}

}  // namespace

int RunCommandLine(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("shadow-lab: what shadowd would have said and done, from files, without a daemon.",
               "shadow-lab");
  app.footer(ctl::kExitCodes);
  app.require_subcommand(1);
  app.add_flag("--json", arguments.json, "One JSON object on standard output, and nothing else there");
  app.add_option_function<std::string>(
         "-o,--output", [&](const std::string& output) { arguments.json = output == "json"; },
         "table or json")
      ->check(CLI::IsMember({"table", "json"}));
  AddForecast(app, arguments);
  AddCapacity(app, arguments);
  AddAnalyze(app, arguments);
  AddSimulateOptions(
      *Add(app, arguments, "simulate", "Replay a history under several scaling policies and compare them",
           [&arguments] { return RunSimulate(arguments.simulate, arguments.json); }),
      arguments.simulate);
  AddReplayOptions(
      *Add(app, arguments, "replay", "Step the control core on a daemon's journal and tell where it differs",
           [&arguments] { return RunReplay(arguments.replay, arguments.json, arguments.differs); }),
      arguments.replay);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const Status status = arguments.command();
  if (!status.ok()) {
    std::fprintf(stderr, "shadow-lab: %s\n", MessageOf(status).c_str());
  }
  return status.ok() ? (arguments.differs ? 1 : 0) : ctl::ExitCodeOf(status);
}

}  // namespace shadowd::lab
