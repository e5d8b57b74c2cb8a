// Plays real traces, each with and without a deploy that makes requests 30 % dearer at half time, under
// shadowd and those it is compared with, and says of each claim of the back-test whether it holds there.
// --json prints one object.
#include <fmt/format.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "bench/claims.h"
#include "ctl/table.h"
#include "lab/answer.h"
#include "lab/scene_file.h"
#include "lab/simulate.h"

namespace shadowd::bench {
namespace {

constexpr const char* kDeploy = "deploy:50%:+30%";
const std::vector<std::string> kTraces = {
    "alibaba2018-cpu-300s", "crane-dsp-input0",   "crane-dsp-input2",      "crane-dsp-input8",
    "crane-dsp-input9",     "crane-dsp-input12",  "ibm-transactions-900s", "nab-grok-asg-anomaly",
    "nab-rds-cpu-cc0c53",   "nab-ec2-cpu-5f5533", "nab-ec2-cpu-ac20cd",    "twitter-anomalydetection-60s"};

struct Arguments {
  std::string traces, service;
  std::vector<std::string> only;
  lab::SimulateOptions simulate;
  int jobs = 2;
  bool json = false;
};

double ThreadSeconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Job {
  std::string name, path;
  bool deploy = false;
};

std::vector<Job> JobsOf(const Arguments& a, std::vector<std::string>& absent) {
  std::vector<Job> jobs;
  for (const std::string& name : a.only.empty() ? kTraces : a.only) {
    const std::filesystem::path stem = std::filesystem::path(a.traces) / name;
    std::string path = stem.string() + ".csv";
    path += std::filesystem::exists(path) ? "" : ".gz";
    if (a.traces.empty() || !std::filesystem::exists(path)) {
      absent.push_back(name);
      continue;
    }
    jobs.push_back({name, path, false});
    jobs.push_back({name, path, true});
  }
  return jobs;
}

StatusOr<Row> Play(const Job& job, const Arguments& a) {
  lab::SceneArguments arguments;
  arguments.service = a.service;
  arguments.trace = job.path;
  if (job.deploy) {
    arguments.options.events = {kDeploy};
  }
  SHADOWD_ASSIGN_OR_RETURN(const sim::Scene scene, lab::ReadScene(arguments));
  SHADOWD_ASSIGN_OR_RETURN(const lab::Simulation simulation, lab::Simulate(scene, a.simulate, ThreadSeconds));
  Row row{.trace = job.name, .deploy = job.deploy, .of = {}};
  row.hours = ToSeconds(scene.trace.length()) / 3600;
  row.noise = Noise(scene.trace);
  for (const lab::PolicyOutcome& outcome : simulation.outcomes) {
    const sim::Summary& s = outcome.summary;
    row.of[outcome.name] = {s.slo_violation_minutes.mean, s.instance_hours.mean, s.shadow_instance_hours.mean,
                            s.scale_actions.mean, outcome.target};
  }
  row.cpu_seconds_per_week = simulation.outcomes.front().seconds_to_play * 168 / row.hours;
  return row;
}

// Rows in the order of the jobs; each thread takes the next one that nobody has.
std::vector<StatusOr<Row>> PlayAll(const std::vector<Job>& jobs, const Arguments& a) {
  std::vector<StatusOr<Row>> rows(jobs.size(), Internal("not played"));
  std::atomic<size_t> next = 0;
  std::mutex printing;
  std::vector<std::thread> threads;
  for (int i = 0; i < std::min<int>(a.jobs, static_cast<int>(jobs.size())); ++i) {
    threads.emplace_back([&] {
      for (size_t at = next++; at < jobs.size(); at = next++) {
        rows[at] = Play(jobs[at], a);
        const std::lock_guard lock(printing);
        fmt::print(stderr, "{}{}: {}\n", jobs[at].name, jobs[at].deploy ? " with a deploy" : "",
                   rows[at].ok() ? "played" : MessageOf(rows[at].status()));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  return rows;
}

std::string Named(const Row& row) {
  return row.deploy ? row.trace + " +30 %" : row.trace;
}

std::string FiguresTable(const std::vector<Row>& rows) {
  ctl::Row head = {"TRACE"};
  for (const char* policy : kPolicies) {
    head.push_back(policy);
  }
  head.insert(head.end(), {"SHADOW %", "CHANGES", "CPU S/WEEK"});
  std::vector<ctl::Row> cells;
  for (const Row& row : rows) {
    ctl::Row line = {Named(row)};
    for (const char* policy : kPolicies) {
      const Figures& f = row.Of(policy);
      line.push_back(fmt::format("{:.1f} x{:.2f}{}", f.violation_minutes, row.OverOracle(policy),
                                 f.target ? fmt::format(" ({:.0f} %)", *f.target * 100) : ""));
    }
    const Figures& own = row.Of("shadowd");
    line.push_back(fmt::format("{:.2f}", 100 * own.shadow_hours / std::max(own.instance_hours, 1e-9)));
    line.push_back(fmt::format("{:.0f}", own.actions));
    line.push_back(fmt::format("{:.2f}", row.cpu_seconds_per_week));
    cells.push_back(std::move(line));
  }
  return "Minutes over the SLO, and instance hours over the oracle's\n\n" + ctl::Table(head, cells);
}

struct Count {
  int met = 0, concerned = 0;
};

std::array<Count, kClaims> CountOf(const std::vector<Row>& rows) {
  std::array<Count, kClaims> counts;
  for (const Row& row : rows) {
    const auto judgements = Judge(row);
    for (size_t i = 0; i < kClaims; ++i) {
      counts[i].met += judgements[i].verdict == Verdict::kMet ? 1 : 0;
      counts[i].concerned += judgements[i].verdict != Verdict::kNotConcerned ? 1 : 0;
    }
  }
  return counts;
}

std::string ToText(const std::vector<Row>& rows) {
  std::string text = FiguresTable(rows);
  for (const Row& row : rows) {
    text += "\n" + Named(row) + "\n";
    const auto judgements = Judge(row);
    for (size_t i = 0; i < kClaims; ++i) {
      if (judgements[i].verdict != Verdict::kNotConcerned) {
        text += fmt::format("  {:<15} {:<7} {}\n", Claims()[i].name, VerdictName(judgements[i].verdict),
                            judgements[i].figures);
      }
    }
  }
  text += "\n";
  const auto counts = CountOf(rows);
  for (size_t i = 0; i < kClaims; ++i) {
    text += fmt::format("{:<15} met in {} of {} rows: {}\n", Claims()[i].name, counts[i].met,
                        counts[i].concerned, Claims()[i].meaning);
  }
  return text;
}

nlohmann::ordered_json ToJson(const Row& row) {
  nlohmann::ordered_json json = {
      {"trace", row.trace},          {"deploy", row.deploy},
      {"hours", row.hours},          {"noise", row.noise},
      {"noisy", row.noise > kNoisy}, {"cpu_seconds_per_week", row.cpu_seconds_per_week}};
  for (const char* policy : kPolicies) {
    const Figures& f = row.Of(policy);
    json["policies"][policy] = {{"slo_violation_minutes", f.violation_minutes},
                                {"instance_hours", f.instance_hours},
                                {"hours_over_oracle", lab::Number(row.OverOracle(policy))},
                                {"shadow_instance_hours", f.shadow_hours},
                                {"scale_actions", f.actions}};
    if (f.target) {
      json["policies"][policy]["target"] = *f.target;
    }
  }
  const auto judgements = Judge(row);
  for (size_t i = 0; i < kClaims; ++i) {
    json["claims"][Claims()[i].name] = {{"verdict", VerdictName(judgements[i].verdict)},
                                        {"figures", judgements[i].figures}};
  }
  return json;
}

nlohmann::ordered_json ToJson(const std::vector<Row>& rows, const Arguments& a,
                              const std::vector<std::string>& absent) {
  nlohmann::ordered_json json = {{"seeds", a.simulate.seeds},
                                 {"absent", absent},
                                 {"rows", nlohmann::ordered_json::array()},
                                 {"claims", nlohmann::ordered_json::object()}};
  for (const Row& row : rows) {
    json["rows"].push_back(ToJson(row));
  }
  const auto counts = CountOf(rows);
  for (size_t i = 0; i < kClaims; ++i) {
    json["claims"][Claims()[i].name] = {
        {"met", counts[i].met}, {"rows", counts[i].concerned}, {"meaning", Claims()[i].meaning}};
  }
  return json;
}

int Run(Arguments& a) {
  std::vector<std::string> absent;
  const std::vector<Job> jobs = JobsOf(a, absent);
  if (jobs.empty()) {
    const std::string where = a.traces.empty() ? "SHADOWD_DATA names no folder and --traces is not given"
                                               : fmt::format("there are none in {}", a.traces);
    fmt::print(stderr, "no traces to play: {}\n", where);
  }
  for (const std::string& name : jobs.empty() ? std::vector<std::string>() : absent) {
    fmt::print(stderr, "{}: there is no such trace in {}\n", name, a.traces);
  }
  a.simulate.policies.assign(kPolicies.begin(), kPolicies.end());
  std::vector<Row> rows;
  bool failed = false;
  for (StatusOr<Row>& row : PlayAll(jobs, a)) {
    failed = failed || !row.ok();
    if (row.ok()) {
      rows.push_back(*std::move(row));
    }
  }
  if (a.json) {
    fmt::print("{}\n", ToJson(rows, a, absent).dump(2));
  } else if (!rows.empty()) {
    fmt::print("{}", ToText(rows));
  }
  return failed ? 1 : 0;
}

}  // namespace
}  // namespace shadowd::bench

int main(int argc, char** argv) {
  shadowd::bench::Arguments a;
  if (const char* data = std::getenv("SHADOWD_DATA"); data != nullptr && *data != '\0') {
    a.traces = std::string(data) + "/traces";
  }
  CLI::App app("Plays real traces under shadowd and others and judges what the back-test is to show.",
               "bench_back_test");
  app.add_option("--traces", a.traces, "Folder with NAME.csv or NAME.csv.gz; SHADOWD_DATA/traces by default");
  app.add_option("--only", a.only, "Names of the traces to play");
  app.add_option("--service", a.service, "YAML of the service; the one that simulate has by default");
  app.add_option("--seed", a.simulate.seed, "The first seed");
  app.add_option("--seeds", a.simulate.seeds, "Seeds to play; figures are their means")
      ->check(CLI::Range(1, 1000));
  app.add_option("--jobs", a.jobs, "Threads")->check(CLI::Range(1, 256));
  app.add_flag("--json", a.json, "One JSON object on standard output");
  CLI11_PARSE(app, argc, argv);
  return shadowd::bench::Run(a);
}
