#include "lab/simulate_command.h"

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "ctl/table.h"
#include "input/input_file.h"
#include "lab/answer.h"
#include "lab/progress.h"
#include "lab/report.h"
#include "lab/suggest.h"
#include "lab/suggest_answer.h"

namespace shadowd::lab {
namespace {

double CpuNow() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

struct Field {
  const char* name;
  sim::Spread sim::Summary::*value;
};
constexpr std::array kFields = {Field{"slo_violation_minutes", &sim::Summary::slo_violation_minutes},
                                Field{"instance_hours", &sim::Summary::instance_hours},
                                Field{"shadow_instance_hours", &sim::Summary::shadow_instance_hours},
                                Field{"scale_actions", &sim::Summary::scale_actions},
                                Field{"false_scale_outs", &sim::Summary::false_scale_outs},
                                Field{"cost", &sim::Summary::cost},
                                Field{"requests_over_share", &sim::Summary::over_share},
                                Field{"scale_outs", &sim::Summary::scale_outs},
                                Field{"theta_under", &sim::Summary::theta_under},
                                Field{"theta_over", &sim::Summary::theta_over},
                                Field{"tau_under", &sim::Summary::tau_under},
                                Field{"tau_over", &sim::Summary::tau_over},
                                Field{"instability", &sim::Summary::instability},
                                Field{"trials", &sim::Summary::trials}};

nlohmann::ordered_json PolicyJson(const PolicyOutcome& outcome) {
  nlohmann::ordered_json json;
  if (outcome.target) {
    json["target"] = *outcome.target;
  }
  for (const Field& field : kFields) {
    json[field.name] = Number((outcome.summary.*field.value).mean);
  }
  json["seconds_to_play"] = Number(outcome.seconds_to_play);
  if (outcome.summary.seeds > 1) {
    nlohmann::ordered_json intervals;
    for (const Field& field : kFields) {
      const sim::Spread& spread = outcome.summary.*field.value;
      intervals[field.name] = {Number(spread.low), Number(spread.high)};
    }
    json["intervals"] = std::move(intervals);
  }
  return json;
}

void AddPhysics(CLI::App& simulate, SceneArguments& a) {
  const std::string group = "What is simulated";
  sim::PlantOptions& plant = a.draft.plant;
  simulate.add_option("--slots", plant.slots, "Requests that an instance works on at once")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str()
      ->group(group);
  simulate.add_option("--service-ms", plant.service_ms, "Mean time of a request in a slot")
      ->check(CLI::Range(0.01, 600'000.0))
      ->capture_default_str()
      ->group(group);
  simulate.add_option("--service-cv", plant.service_cv, "Its standard deviation over its mean")
      ->check(CLI::Range(0.0, 5.0))
      ->capture_default_str()
      ->group(group);
  simulate.add_option("--cpu-ms", plant.cpu_ms, "Mean CPU time of a request")
      ->check(CLI::Range(0.001, 600'000.0))
      ->capture_default_str()
      ->group(group);
  simulate
      .add_option("--start-up", a.start_up_seconds,
                  "Seconds from the order of an instance to its first request; the service's lead_time_prior "
                  "where not given")
      ->check(CLI::Range(1.0, 86'400.0))
      ->group(group);
  simulate.add_option("--start-failure", a.draft.start_failure, "Probability that a start fails")
      ->check(CLI::Range(0.0, 0.9))
      ->capture_default_str()
      ->group(group);
  simulate
      .add_option("--contention", a.draft.contention, "Share by which each further instance slows a request")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str()
      ->group(group);
  simulate.add_option("--metric-delay", a.metric_delay_seconds, "Seconds until metrics arrive")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str()
      ->group(group);
  simulate.add_option("--metric-loss", a.draft.metric_loss, "Probability that a window of metrics is lost")
      ->check(CLI::Range(0.0, 0.9))
      ->capture_default_str()
      ->group(group);
}

StatusOr<Suggestion> SuggestSettings(const sim::Scene& scene) {
  const ProgressLine line("searching for better settings: play");
  return Suggest(scene, [&line](int play, int most) { line.Show(play, most); });
}

}  // namespace

void AddSimulateOptions(CLI::App& simulate, SimulateArguments& a) {
  a.simulate.policies = {"shadowd", "forecast-only", "hpa", "weekly-offset", "oracle"};
  simulate.add_option("--service", a.scene.service,
                      "YAML of the service; a simple HTTP service where not given");
  simulate
      .add_option("--trace", a.scene.trace,
                  "CSV (.gz too) with the columns timestamp or time, and value or rps; or a daemon's\n"
                  "telemetry.db (also a copy) or journal")
      ->required();
  simulate.add_option("--from-service", a.scene.from_service,
                      "Whose demand, of a telemetry.db or journal that holds that of several services");
  simulate.add_option("--value-column", a.scene.value_column, "Name of the column with the demand");
  simulate
      .add_option("--peak", a.scene.options.peak_rps,
                  "Requests/s that the trace's maximum is scaled to; 0 = as it is")
      ->check(CLI::Range(0.0, 1e9))
      ->capture_default_str();
  simulate
      .add_option(
          "--event", a.scene.options.events,
          "deploy:AT:+30%, flash:AT:x2:10m, shift:AT:-20%, failure:AT:2 or outage:AT:15m; AT is a share of\n"
          "what is played (50%) or a time (6h); may be repeated")
      ->allow_extra_args(false);
  simulate
      .add_option("--history-share", a.scene.options.history_share,
                  "Share of the trace that may be learnt from first")
      ->check(CLI::Range(0.0, 0.95))
      ->capture_default_str();
  std::string names;
  for (const PolicyName& policy : KnownPolicies()) {
    names += fmt::format("\n{}: {}", policy.name, policy.meaning);
  }
  simulate.add_option("--policy", a.simulate.policies, "Policies to compare, separated by commas:" + names)
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  simulate.add_option("--seed", a.simulate.seed, "Of everything that is random")->capture_default_str();
  simulate.add_option("--seeds", a.simulate.seeds, "Play this many seeds and give means with intervals")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  simulate.add_option("--step", a.scene.step_seconds, "Seconds of a step")
      ->check(CLI::Range(1.0, 3600.0))
      ->capture_default_str();
  simulate.add_flag(
      "--suggest", a.suggest,
      "Also search for settings of the service that would have cost less at its prices: limits,\n"
      "hold, cool-down, trials and shadows. Chosen on the first half of what is played, which is at\n"
      "most the last 14 days, and judged on the second; takes up to 40 plays of shadowd");
  simulate.add_option("--html", a.html, "Write a report for people to this file");
  simulate.add_option("--plot", a.plot, "Write its chart to this SVG file");
  AddPhysics(simulate, a.scene);
}

Status RunSimulate(SimulateArguments& a, bool json) {
  a.scene.options.played_max = a.suggest ? kSuggestPlayed : Micros(0);
  SHADOWD_ASSIGN_OR_RETURN(const sim::Scene scene, ReadScene(a.scene));
  SHADOWD_ASSIGN_OR_RETURN(const Simulation simulation, Simulate(scene, a.simulate, CpuNow));
  if (!a.html.empty()) {
    SHADOWD_RETURN_IF_ERROR(input::WriteOutput(a.html, ReportHtml(scene, simulation)));
  }
  if (!a.plot.empty()) {
    SHADOWD_RETURN_IF_ERROR(input::WriteOutput(a.plot, ReportSvg(scene, simulation)));
  }
  nlohmann::ordered_json answer = ToJson(scene, simulation, a.simulate);
  std::string text = ToText(scene, simulation);
  if (a.suggest) {
    sim::Scene seeded = scene;
    seeded.seed = a.simulate.seed;
    SHADOWD_ASSIGN_OR_RETURN(const Suggestion suggestion, SuggestSettings(seeded));
    answer["suggest"] = ToJson(suggestion, scene.spec.prices.currency);
    text += "\n" + ToText(suggestion, scene.spec.prices.currency);
  }
  text = json ? answer.dump(2) + "\n" : text;
  std::fwrite(text.data(), 1, text.size(), stdout);
  return absl::OkStatus();
}

nlohmann::ordered_json ToJson(const sim::Scene& scene, const Simulation& simulation,
                              const SimulateOptions& options) {
  nlohmann::ordered_json json;
  json["trace"] = scene.trace.name;
  json["service"] = scene.spec.id.str();
  json["hours"] = ToSeconds(scene.trace.length()) / 3600;
  json["history_hours"] = ToSeconds(scene.history.length()) / 3600;
  json["step_seconds"] = ToSeconds(scene.trace.step);
  json["seed"] = options.seed;
  json["seeds"] = options.seeds;
  json["events"] = nlohmann::ordered_json::array();
  for (const sim::SceneEvent& event : scene.events) {
    json["events"].push_back({{"kind", sim::SceneEventName(event.kind)},
                              {"at_hours", ToSeconds(event.at) / 3600},
                              {"size", event.size},
                              {"duration_seconds", ToSeconds(event.duration)}});
  }
  if (!simulation.warnings.empty()) {
    json["warnings"] = simulation.warnings;
  }
  json["policies"] = nlohmann::ordered_json::object();
  for (const PolicyOutcome& outcome : simulation.outcomes) {
    json["policies"][outcome.name] = PolicyJson(outcome);
  }
  return json;
}

std::string ToText(const sim::Scene& scene, const Simulation& simulation) {
  std::string text;
  for (const std::string& line : Headlines(scene, simulation)) {
    text += line + "\n";
  }
  std::vector<ctl::Row> rows;
  for (const PolicyOutcome& outcome : simulation.outcomes) {
    const sim::Summary& s = outcome.summary;
    const auto figure = [](const sim::Spread& spread, const char* format) {
      const std::string mean = fmt::format(fmt::runtime(format), spread.mean);
      return spread.high > spread.low
                 ? fmt::format("{} ({} to {})", mean, fmt::format(fmt::runtime(format), spread.low),
                               fmt::format(fmt::runtime(format), spread.high))
                 : mean;
    };
    rows.push_back({ShownName(outcome), figure(s.slo_violation_minutes, "{:.1f}"),
                    figure(s.instance_hours, "{:.1f}"), figure(s.shadow_instance_hours, "{:.2f}"),
                    figure(s.scale_actions, "{:.0f}"), figure(s.false_scale_outs, "{:.0f}"),
                    figure(s.tau_under, "{:.2f}"), figure(s.tau_over, "{:.1f}"), figure(s.cost, "{:.2f}")});
  }
  return text + "\n" +
         ctl::Table({"POLICY", "MINUTES OVER SLO", "INSTANCE H", "SHADOW H", "CHANGES", "IN VAIN", "UNDER %",
                     "OVER %", "COST " + scene.spec.prices.currency},
                    rows);
}

}  // namespace shadowd::lab
