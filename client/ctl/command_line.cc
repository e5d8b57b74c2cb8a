#include "command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <limits>

#include "change_commands.h"
#include "completion.h"
#include "offline.h"
#include "print.h"
#include "read_commands.h"

namespace shadowd::ctl {
namespace {

// Everything that options are read into.
struct Arguments {
  Session session;
  double timeout_seconds = 10;
  ReadArguments read;
  std::string path, value_column;
  input::PrometheusHistory prometheus;
  bool dry_run = false;
  std::string name;
  std::string noun;
  int replicas = 0;
  bool wait = false;
  bool null_trial = false;
  double wait_seconds = 300;
  double demand = 0;
  bool off = false;
  std::string reason;
  int limit = 50;
  std::string shell;
  std::function<Status()> command;  // what was asked for
};

// "" when the word is one of these, otherwise what is wrong with it.
std::function<std::string(std::string&)> OneOf(const char* a, const char* b, const char* c) {
  return [=](const std::string& word) {
    return word == a || word == b || word == c ? std::string()
                                               : fmt::format("must be {}, {} or {}, got '{}'", a, b, c, word);
  };
}

CLI::App* Add(CLI::App& app, Arguments& arguments, const char* name, const char* help,
              std::function<Status()> command) {
  CLI::App* sub = app.add_subcommand(name, help);
  sub->fallthrough();
  sub->callback([&arguments, command = std::move(command)] { arguments.command = command; });
  return sub;
}

void AddReading(CLI::App& app, Arguments& a) {
  const auto options = [&a](CLI::App* sub, bool name_required) {
    sub->add_option("noun", a.read.noun,
                    "services, instances, forecasts, trials, shadows, decisions, models or costs")
        ->required();
    sub->add_option("name", a.read.name, "Full name or bare id (web-t12; of a model SERVICE/NUMBER)")
        ->required(name_required);
    sub->add_option("-s,--service", a.read.service, "Only those of this service");
  };
  CLI::App* get =
      Add(app, a, "get", "Show one resource, or list them", [&a] { return Get(a.session, a.read); });
  options(get, false);
  get->add_option("--limit", a.read.limit, "List at most this many")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  options(Add(app, a, "describe", "Explain one resource", [&a] { return DescribeOne(a.session, a.read); }),
          true);
  CLI::App* watch = Add(app, a, "watch", "Show resources and every change, until interrupted",
                        [&a] { return WatchAll(a.session, a.read); });
  options(watch, false);
  watch
      ->add_option("--resume", a.read.resume_revision,
                   "Only what came after this revision, as -o json tells it of each change")
      ->check(CLI::Range(int64_t{1}, std::numeric_limits<int64_t>::max()));
}

void AddWaiting(CLI::App* sub, Arguments& a, const char* help) {
  sub->add_flag("--wait", a.wait, help);
  sub->add_option("--wait-seconds", a.wait_seconds, "With --wait, at most this long")
      ->check(CLI::Range(1, 600))
      ->capture_default_str();
}

std::chrono::seconds WaitOf(const Arguments& a) {
  return std::chrono::seconds(static_cast<int64_t>(a.wait ? a.wait_seconds : 0));
}

void AddTesting(CLI::App& app, Arguments& a) {
  CLI::App* propose =
      Add(app, a, "propose", "Propose a number of replicas: it is tested like any other trigger",
          [&a] { return Propose(a.session, a.name, a.replicas, WaitOf(a)); });
  propose->add_option("service", a.name, "The service")->required();
  propose->add_option("--replicas", a.replicas, "Replicas proposed")->required();
  AddWaiting(propose, a, "Wait until the proposal was tested");

  CLI::App* trial = Add(app, a, "trial", "Order a trial of today's level: what it says to differ is noise",
                        [&a] { return NullTrial(a.session, a.name, WaitOf(a)); });
  trial->add_option("service", a.name, "The service")->required();
  trial
      ->add_flag("--null", a.null_trial,
                 "Two shadows at today's load, compared with each other and production")
      ->required();
  AddWaiting(trial, a, "Wait until it has ended");

  Add(app, a, "retrain", "Fit the model of a service anew; ends when the new version is kept",
      [&a] { return Retrain(a.session, a.name); })
      ->add_option("service", a.name, "The service")
      ->required();
  CLI::App* revert = Add(app, a, "revert", "Go back to what an old version of the model knew",
                         [&a] { return Revert(a.session, a.name, a.read.service); });
  revert->add_option("model", a.name, "Full name, SERVICE/NUMBER, or with --service the number")->required();
  revert->add_option("-s,--service", a.read.service, "Whose model");
}

void AddServices(CLI::App& app, Arguments& a) {
  CLI::App* apply = Add(app, a, "apply", "Create services, or make them as their files say",
                        [&a] { return ApplyFiles(a.session, a.path, a.dry_run); });
  apply->add_option("-f,--file", a.path, "YAML file, or a directory of them")
      ->required()
      ->check(CLI::ExistingPath);
  apply->add_flag("--dry-run", a.dry_run, "Check everything, change nothing");

  CLI::App* remove =
      Add(app, a, "delete", "Take a service down: its production and shadows end", [&a]() -> Status {
        if (a.noun != "service" && a.noun != "services") {
          return InvalidArgument("only a service can be deleted, not '{}'", a.noun);
        }
        return DeleteOne(a.session, a.name);
      });
  remove->add_option("noun", a.noun, "service")->required();
  remove->add_option("name", a.name, "Name of the service")->required();

  AddTesting(app, a);
}

void AddImport(CLI::App& app, Arguments& a) {
  CLI::App* import =
      Add(app, a, "import", "Give a service its past, so that it need not warm up", [&a]() -> Status {
        if (a.path.empty() == a.prometheus.url.empty()) {
          return InvalidArgument("import needs --file or --prometheus");
        }
        return Import(a.session, a.name, a.path, a.value_column, a.prometheus);
      });
  import->add_option("service", a.name, "The service")->required();
  CLI::Option* file =
      import
          ->add_option("--file", a.path,
                       "CSV (.gz too); columns: time or timestamp (Unix seconds or RFC 3339), rps or value "
                       "(empty = a\n"
                       "gap); and for the capacity curve instances or load_rps, p50_us, p95_us, p99_us,\n"
                       "error_rate, cpu_cores, memory_bytes, requests")
          ->check(CLI::ExistingFile);
  import->add_option("--value-column", a.value_column, "Name of the column with the demand");
  CLI::Option* prometheus =
      import->add_option("--prometheus", a.prometheus.url, "URL of a Prometheus to take the demand from");
  prometheus->excludes(file);
  import->add_option("--query", a.prometheus.query, "PromQL of the requests per second, with one series")
      ->needs(prometheus);
  import->add_option("--from", a.prometheus.from, "First time: Unix seconds or RFC 3339")->needs(prometheus);
  import->add_option("--to", a.prometheus.to, "Last time; default now")->needs(prometheus);
  import
      ->add_option("--step", a.prometheus.step_seconds,
                   "Seconds between two values: the service's resolution")
      ->needs(prometheus)
      ->check(CLI::Range(0.1, 86'400.0))
      ->capture_default_str();
  import->add_option("--token-file", a.prometheus.bearer_token_file, "File with a bearer token for it")
      ->needs(prometheus)
      ->check(CLI::ExistingFile);
  import->add_option("--prometheus-ca", a.prometheus.ca_file, "PEM file with the authority of its TLS")
      ->needs(prometheus)
      ->check(CLI::ExistingFile);
}

void AddTelemetry(CLI::App& app, Arguments& a) {
  CLI::App* report = Add(app, a, "report", "Push demand that was measured elsewhere", nullptr);
  report->add_option("service", a.name, "The service")->required();
  CLI::Option* demand =
      report->add_option("--demand", a.demand, "Requests per second now")
          ->check(CLI::Validator(
              [](const std::string& text) {
                return text.rfind('-', 0) == 0 ? "must not be negative, got " + text : std::string();
              },
              ""));
  CLI::Option* file =
      report
          ->add_option(
              "--file", a.path,
              "CSV (.gz too) with the columns time and rps; - = rows RPS or TIME,RPS from the standard\n"
              "input, each sent as it comes")
          ->check(CLI::ExistingFile | CLI::IsMember({"-"}));
  demand->excludes(file);
  report->callback([&a, demand, file] {
    a.command = [&a, demand, file]() -> Status {
      if (demand->count() + file->count() == 0) {
        return InvalidArgument("report needs --demand or --file");
      }
      return Report(a.session, a.name, demand->count() > 0 ? std::optional<double>(a.demand) : std::nullopt,
                    a.path);
    };
  });

  AddImport(app, a);
}

void AddInterventions(CLI::App& app, Arguments& a) {
  const auto named = [&a](CLI::App* sub, const char* what) {
    sub->add_option(what, a.name, "Full name or bare id")->required();
    sub->add_option("-s,--service", a.read.service, "The service, where the id does not tell it");
  };
  named(Add(app, a, "cancel", "End a trial; nothing is changed in production",
            [&a] { return Cancel(a.session, a.name, a.read.service); }),
        "trial");
  named(Add(app, a, "terminate", "Stop one shadow; its arm goes on without it",
            [&a] { return Terminate(a.session, a.name, a.read.service); }),
        "shadow");
  named(Add(app, a, "approve", "Say yes to an advised decision",
            [&a] { return Judge(a.session, a.name, a.read.service, true); }),
        "decision");
  named(Add(app, a, "reject", "Say no to an advised decision",
            [&a] { return Judge(a.session, a.name, a.read.service, false); }),
        "decision");
  CLI::App* freeze = Add(app, a, "freeze", "The kill switch: nothing passes to production",
                         [&a] { return Freeze(a.session, !a.off, a.reason); });
  freeze->add_flag("--off", a.off, "Allow actions again");
  freeze->add_option("--reason", a.reason, "Why, for the audit");
}

void AddDaemon(CLI::App& app, Arguments& a) {
  Add(app, a, "status", "How the daemon is", [&a] { return ShowStatus(a.session); });
  Add(app, a, "audit", "Who changed what", [&a] { return ShowAudit(a.session, a.limit); })
      ->add_option("--limit", a.limit, "The newest so many")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  Add(app, a, "version", "The version of this program", [&a]() -> Status {
    if (a.session.output == Output::kTable) {
      std::printf("shadowctl %s\n", SHADOWD_VERSION);
    } else {
      PrintValue({{"version", SHADOWD_VERSION}}, a.session.output);
    }
    return absl::OkStatus();
  });
  Add(app, a, "completion", "Completion script for a shell",
      [&a, &app]() -> Status {
        SHADOWD_ASSIGN_OR_RETURN(const std::string script, CompletionScript(a.shell, WordsOf(app)));
        std::fputs(script.c_str(), stdout);
        return absl::OkStatus();
      })
      ->add_option("shell", a.shell, "bash, zsh or fish")
      ->required();
}

// Help lists them; RunCommandLine hands them over before anything here is read.
void AddOffline(CLI::App& app, Arguments& a) {
  for (const OfflineCommand& command : kOfflineCommands) {
    Add(app, a, command.name, command.help, [name = command.name] { return RunOffline({name}); });
  }
}

void AddGlobals(CLI::App& app, Arguments& a) {
  app.add_option_function<std::string>(
         "-o,--output",
         [&a](const std::string& word) {
           a.session.output = word == "json"   ? Output::kJson
                              : word == "yaml" ? Output::kYaml
                                               : Output::kTable;
         },
         "table, json or yaml")
      ->check(CLI::Validator(OneOf("table", "json", "yaml"), "FORMAT"));
  app.add_flag_callback(
      "--json", [&a] { a.session.output = Output::kJson; }, "The same as -o json");
  client::Options& to = a.session.connection;
  app.add_option("--address", to.address, "unix:///PATH or HOST:PORT")
      ->envname("SHADOWD_ADDRESS")
      ->capture_default_str();
  app.add_option("--ca", to.ca_file, "PEM file with the authority of the server, for TLS")
      ->check(CLI::ExistingFile);
  app.add_option("--cert", to.cert_file, "PEM file with this client's certificate")->check(CLI::ExistingFile);
  app.add_option("--key", to.key_file, "PEM file with its key")->check(CLI::ExistingFile);
  app.add_option("--timeout", a.timeout_seconds, "Seconds that a call may take")
      ->check(CLI::Range(0.001, 86'400.0))
      ->capture_default_str();
}

// What CLI11 says, but for a command that does not exist: it only knows that one is missing.
std::string Failure(const CLI::App* app, const CLI::Error& error) {
  std::string what = error.what();
  const std::vector<std::string> unknown = app->remaining();
  if (error.get_name() == "RequiredError" && app->get_subcommands().empty()) {
    what =
        unknown.empty() ? "no command was given" : fmt::format("there is no command '{}'", unknown.front());
  }
  return fmt::format("shadowctl: {}\nRun with --help for more information.\n", what);
}

int Execute(Arguments& arguments) {
  arguments.session.connection.deadline =
      std::chrono::milliseconds(static_cast<int64_t>(arguments.timeout_seconds * 1'000));
  const Status status = arguments.command();
  if (!status.ok() && !absl::IsCancelled(status)) {  // who interrupts knows it
    std::fprintf(stderr, "shadowctl: %s\n", Explain(status, arguments.session).c_str());
  }
  return ExitCodeOf(status);
}

}  // namespace

int RunCommandLine(int argc, char** argv) {
  if (const auto offline = OfflineArguments(argc, argv)) {
    const Status status = RunOffline(*offline);
    std::fprintf(stderr, "shadowctl: %s\n", MessageOf(status).c_str());
    return ExitCodeOf(status);
  }
  Arguments arguments;
  CLI::App app("shadowctl: talk to shadowd, which tests a scaling decision before production pays for it.",
               "shadowctl");
  app.footer(kExitCodes);
  app.require_subcommand(1);
  app.failure_message(Failure);
  app.set_version_flag("--version", std::string("shadowctl ") + SHADOWD_VERSION);
  AddGlobals(app, arguments);
  AddReading(app, arguments);
  AddServices(app, arguments);
  AddTelemetry(app, arguments);
  AddInterventions(app, arguments);
  AddDaemon(app, arguments);
  AddOffline(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return Execute(arguments);
}

}  // namespace shadowd::ctl
