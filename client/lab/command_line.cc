#include "lab/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>

#include "ctl/exit_code.h"
#include "input/input_file.h"
#include "lab/answer.h"
#include "lab/condition.h"
#include "lab/evaluate_command.h"
#include "lab/load_command.h"
#include "lab/mirror_command.h"
#include "lab/replay_command.h"
#include "lab/simulate_command.h"

namespace shadowd::lab {
namespace {

// Everything that options are read into.
struct Arguments {
  bool json = false;
  EvaluateArguments evaluate;
  std::string points, slo;
  CapacityQuestion capacity;
  std::string prediction, samples, null_samples, production;
  std::vector<std::string> limits;
  AnalyzeInput analyze;
  double warm_up_seconds = 0;
  SimulateArguments simulate;
  ReplayArguments replay;
  LoadArguments load;
  MirrorArguments mirror;
  bool differs = false;             // a replay's answer, exit code 1
  std::function<Status()> command;  // what was asked for
};

void Print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void Print(const Arguments& a, const nlohmann::ordered_json& json, const std::string& text) {
  Print(a.json ? json.dump(2) + "\n" : text);
}

Status RunCapacity(Arguments& a) {
  SHADOWD_ASSIGN_OR_RETURN(a.capacity.slo, ParseSlo({a.slo}));
  SHADOWD_ASSIGN_OR_RETURN(const std::string text, input::ReadInput(a.points));
  SHADOWD_ASSIGN_OR_RETURN(const auto points, ParsePoints(text, a.points));
  SHADOWD_ASSIGN_OR_RETURN(const CapacityAnswer answer, FitCapacity(points, a.capacity));
  Print(a, ToJson(answer, a.capacity), ToText(answer, a.capacity));
  return absl::OkStatus();
}

StatusOr<std::vector<RequestSample>> ReadRequests(const std::string& path) {
  if (path.empty()) {
    return std::vector<RequestSample>();
  }
  SHADOWD_ASSIGN_OR_RETURN(const std::string text, input::ReadInput(path));
  return ParseRequests(text, path);
}

Status RunAnalyze(Arguments& a) {
  if (a.null_samples.empty() != a.production.empty()) {
    return InvalidArgument("--null and --production go together: each makes the other comparable");
  }
  if (!a.limits.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(a.analyze.limit, ParseSlo(a.limits));
  }
  SHADOWD_ASSIGN_OR_RETURN(const std::string json, input::ReadInput(a.prediction));
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
  AddEvaluateOptions(*Add(*group, a, "evaluate", "Score the forecast on a history, from origin to origin",
                          [&a] { return RunEvaluate(a.evaluate, a.json); }),
                     a.evaluate);
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
  AddLoadOptions(*Add(app, arguments, "load", "Send open-loop load to a URL and measure the answers",
                      [&arguments] { return RunLoadCommand(arguments.load, arguments.json); }),
                 arguments.load);
  AddMirrorOptions(
      *Add(app, arguments, "mirror", "Read real requests off the wire and repeat them to shadows",
           [&arguments] { return RunMirrorCommand(arguments.mirror, arguments.json); }),
      arguments.mirror);
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
