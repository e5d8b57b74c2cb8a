// What the Shadow Analysis Engine is to show, each claim judged: false alarms beside a Mann-Whitney judge on
// the same streams, power, requests to a verdict, the capacity curve between measured levels; and what the
// analysis costs the control loop. --json prints one object.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <vector>

#include "analysis/engine.h"
#include "bench/analysis_runs.h"
#include "bench/curve_runs.h"
#include "unit/sim/plant_run.h"

namespace {

using namespace shadowd;

// Seeds for tuning lie apart from those that are reported.
constexpr uint64_t kSeed = 1'000'000, kValidationSeed = 5'000'000;

struct Arguments {
  std::vector<std::string> parts;
  int trials = 400, power_trials = 200, sample_trials = 60, servers = 40, repeats = 10;
  bool full = false, validation = false, json = false;

  bool Wants(const std::string& part) const {
    return parts.empty() || std::find(parts.begin(), parts.end(), part) != parts.end();
  }
};

struct Results {
  std::vector<bench::AnalysisClaim> claims;
  std::vector<bench::CostFactor> factors;
  nlohmann::json speed = nlohmann::json::object();
};

template <typename Work>
double SecondsEach(int times, Work work) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i) {
    work();
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() / times;
}

struct Trial {
  double verdict_seconds = 0;  // of CPU, one question to the engine
  int windows = 0;             // until settled, warm-up included
};

Trial RunTrial(const std::vector<model::CapacityPoint>& history, const capacity::Curve& curve) {
  std::vector<model::Arm> arms;
  std::vector<std::vector<model::KpiWindow>> windows;
  for (const int level : {4, 5, 6}) {
    model::Arm arm;
    arm.level = level;
    arm.load_rps = 540.0 / level;
    arm.predicted = curve.Predict(arm.load_rps);
    windows.push_back(sim::RunPlant(sim::DemoPlant(false), arm.load_rps, 60, static_cast<uint64_t>(level)));
    arms.push_back(arm);
  }
  analysis::EngineOptions options;
  options.history = history;
  options.version = history.front().version;
  analysis::Engine engine(options, arms);
  Trial trial;
  bool settled = false;
  for (; trial.windows < 60 && !settled; ++trial.windows) {
    for (size_t arm = 0; arm < arms.size(); ++arm) {
      engine.AddShadowWindow(arm, windows[arm][static_cast<size_t>(trial.windows)]);
    }
    settled = engine.Settled();
  }
  trial.verdict_seconds = SecondsEach(20, [&] { (void)engine.Verdicts(false); });
  return trial;
}

nlohmann::json Speed() {
  const auto history = sim::ProductionPoints(sim::DemoPlant(false), 30, 130, 200, 5, 1, "1");
  const WallTime now = sim::At(300);
  capacity::Curve curve;
  const double fit = SecondsEach(20, [&] { curve = capacity::Curve::Fit(history, "1", now); });
  const double predict = SecondsEach(200, [&] { (void)curve.Predict(140); });
  const double level = SecondsEach(200, [&] { (void)curve.SmallestLevel(540, {}, 1, 20, 0.9); });
  const Trial trial = RunTrial(history, curve);
  return {{"fit_ms", fit * 1e3},
          {"predict_us", predict * 1e6},
          {"level_us", level * 1e6},
          {"verdicts_ms", trial.verdict_seconds * 1e3},
          {"windows_to_settle", trial.windows}};
}

Results Run(const Arguments& a) {
  const uint64_t seed = a.validation ? kValidationSeed : kSeed;
  Results results;
  const auto add = [&](std::vector<bench::AnalysisClaim> claims) {
    results.claims.insert(results.claims.end(), claims.begin(), claims.end());
  };
  if (a.Wants("alarms")) {
    add(bench::JudgeFalseAlarms(bench::RunFalseAlarms({a.trials, seed})));
  }
  if (a.Wants("power")) {
    add(bench::JudgePower(bench::RunPower({a.power_trials, seed})));
  }
  if (a.Wants("samples")) {
    add(bench::JudgeSamples(bench::RunSamples({a.sample_trials, seed})));
    results.factors = bench::RunCostFactors({a.sample_trials, seed});
  }
  if (a.Wants("curve")) {
    add(bench::JudgeCurve(bench::RunCurve(a.servers, a.repeats, seed)));
  }
  if (a.Wants("speed")) {
    results.speed = Speed();
  }
  return results;
}

std::string ToText(const Results& results) {
  std::string text;
  for (const bench::AnalysisClaim& claim : results.claims) {
    text += fmt::format("{:6} {}: {} [{}]\n", claim.met ? "met" : "MISSED", claim.name, claim.figures,
                        claim.meaning);
  }
  for (const bench::CostFactor& factor : results.factors) {
    text += fmt::format("requests until p95 is ACCURATE, {}: {:.2f} times one test at alpha .05\n",
                        factor.name, factor.factor);
  }
  for (const auto& [name, value] : results.speed.items()) {
    text += fmt::format("{} {:.3g}\n", name, value.get<double>());
  }
  return text;
}

nlohmann::json ToJson(const Results& results, const Arguments& a) {
  nlohmann::json json = results.speed;
  json["split"] = a.validation ? "validation" : "final";
  json["claims"] = nlohmann::json::array();
  for (const bench::AnalysisClaim& claim : results.claims) {
    json["claims"].push_back(
        {{"name", claim.name}, {"meaning", claim.meaning}, {"met", claim.met}, {"figures", claim.figures}});
  }
  for (const bench::CostFactor& factor : results.factors) {
    json["cost_factors"][factor.name] = factor.factor;
  }
  return json;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments a;
  CLI::App app("Judges what the Shadow Analysis Engine is to show on seeded simulations.", "bench_analysis");
  app.add_option("part", a.parts, "alarms, power, samples, curve or speed; all of them by default")
      ->check(CLI::IsMember({"alarms", "power", "samples", "curve", "speed"}));
  app.add_option("--trials", a.trials, "Of false alarms, per stream")->capture_default_str();
  app.add_option("--power-trials", a.power_trials, "Of each case of power")->capture_default_str();
  app.add_option("--sample-trials", a.sample_trials, "Of each cell of the table")->capture_default_str();
  app.add_option("--servers", a.servers, "That the curve is tried on")->capture_default_str();
  app.add_option("--repeats", a.repeats, "Of each server's measurement")->capture_default_str();
  app.add_flag("--full", a.full, "2000 trials of false alarms, 1000 of power, 300 a cell, 120 servers of 20");
  app.add_flag("--validation", a.validation, "The seeds that the analysis was tuned on");
  app.add_flag("--json", a.json, "One JSON object on standard output");
  CLI11_PARSE(app, argc, argv);
  if (a.full) {
    a.trials = 2000, a.power_trials = 1000, a.sample_trials = 300, a.servers = 120, a.repeats = 20;
  }
  const Results results = Run(a);
  fmt::print("{}", a.json ? ToJson(results, a).dump(2) + "\n" : ToText(results));
  return 0;
}
