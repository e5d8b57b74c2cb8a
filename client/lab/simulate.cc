#include "lab/simulate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "input/csv_reader.h"
#include "sim/capacity_table.h"
#include "sim/core_play.h"
#include "sim/hourly_max.h"
#include "sim/hpa.h"
#include "sim/load_table.h"
#include "sim/oracle.h"
#include "sim/policy_play.h"
#include "sim/scene_check.h"
#include "sim/static_peak.h"
#include "sim/target_tracking.h"
#include "sim/weekly_offset.h"

namespace shadowd::lab {
namespace {

constexpr Micros kTwoDays = std::chrono::hours(48);
constexpr double kTargetMin = 0.05, kTargetMax = 0.99;
constexpr const char* kShadowd = "shadowd";
constexpr const char* kForecastOnly = "forecast-only";
constexpr const char* kHpa = "hpa";
constexpr const char* kHpaTuned = "hpa-tuned";
constexpr int kTunedFirst = 30, kTunedLast = 85, kTunedStep = 5;  // per cent

constexpr std::array kPolicies = {
    PolicyName{kShadowd, "forecast, trials with shadows, then action"},
    PolicyName{kForecastOnly, "the same without trials and without the emergency path"},
    PolicyName{kHpa, "Kubernetes' HPA with its defaults, CPU target 60 % (hpa:0.7 for another)"},
    PolicyName{
        kHpaTuned,
        "the same with the target, of 30, 35 ... 85 %, that costs least over this very play at the "
        "service's prices (instances and minutes over the SLO): tuned in hindsight, on the first seed"},
    PolicyName{"target-tracking", "AWS target tracking, CPU target 60 %"},
    PolicyName{"hourly-max", "AWS-like forecast of each hour's maximum, with target tracking"},
    PolicyName{"weekly-offset", "the larger of now and a week ago (Grafana Mimir with KEDA)"},
    PolicyName{"static-peak", "what the peak of the history needs, all the time"},
    PolicyName{"oracle", "knows every step to come and what instances hold"},
    PolicyName{"oracle-distribution", "knows only how demand is distributed around each moment"}};

struct Asked {
  std::string name;
  std::string kind;
  std::optional<double> target;
};

bool HasTarget(const std::string& kind) {
  return kind == kHpa || kind == "target-tracking" || kind == "hourly-max" || kind == "weekly-offset" ||
         kind == "static-peak";
}

StatusOr<Asked> ParsePolicy(const std::string& text) {
  Asked asked{text, text.substr(0, text.find(':')), std::nullopt};
  const bool known = std::any_of(kPolicies.begin(), kPolicies.end(),
                                 [&](const PolicyName& policy) { return asked.kind == policy.name; });
  if (!known) {
    std::string names;
    for (const PolicyName& policy : kPolicies) {
      names += (names.empty() ? "" : ", ") + std::string(policy.name);
    }
    return InvalidArgument("policy '{}' is not known; there are {}", input::Shown(text), names);
  }
  if (asked.kind.size() == text.size()) {
    return asked;
  }
  const auto target = input::ParseNumber(std::string_view(text).substr(asked.kind.size() + 1));
  if (!HasTarget(asked.kind) || !target || *target < kTargetMin || *target > kTargetMax) {
    return InvalidArgument(
        "policy '{}': hpa, target-tracking, hourly-max, weekly-offset and static-peak take a "
        "CPU target between {} and {}, such as hpa:0.7",
        input::Shown(text), kTargetMin, kTargetMax);
  }
  asked.target = target;
  return asked;
}

StatusOr<std::vector<Asked>> ParsePolicies(const std::vector<std::string>& texts) {
  std::vector<Asked> all;
  std::set<std::string> seen;
  for (const std::string& text : texts) {
    SHADOWD_ASSIGN_OR_RETURN(Asked asked, ParsePolicy(text));
    if (seen.insert(asked.name).second) {
      all.push_back(std::move(asked));
    }
  }
  if (all.empty()) {
    return InvalidArgument("no policy is named");
  }
  return all;
}

// A new one for each play, since policies remember. Not for those that are the control core itself.
std::unique_ptr<sim::Policy> MakePolicy(const Asked& asked, const sim::Scene& scene,
                                        sim::CapacityTable& capacity) {
  const sim::InstanceFacts facts = sim::FactsOf(scene);
  if (asked.kind == kHpa) {
    sim::HpaOptions options;
    options.metrics[0].target = asked.target.value_or(options.metrics[0].target);
    return std::make_unique<sim::Hpa>(options);
  }
  if (asked.kind == "target-tracking") {
    sim::TargetTrackingOptions options;
    options.target = asked.target.value_or(options.target);
    return std::make_unique<sim::TargetTracking>(facts, options);
  }
  if (asked.kind == "hourly-max") {
    sim::HourlyMaxOptions options;
    options.target = asked.target.value_or(options.target);
    options.tracking.target = options.target;
    return std::make_unique<sim::HourlyMax>(facts, options);
  }
  if (asked.kind == "weekly-offset") {
    sim::WeeklyOffsetOptions options;
    options.target = asked.target.value_or(options.target);
    return std::make_unique<sim::WeeklyOffset>(facts, options);
  }
  if (asked.kind == "static-peak") {
    sim::StaticPeakOptions options;
    options.target = asked.target.value_or(options.target);
    return std::make_unique<sim::StaticPeak>(facts, options);
  }
  if (asked.kind == "oracle") {
    return std::make_unique<sim::Oracle>(scene, capacity);
  }
  return std::make_unique<sim::DistributionOracle>(scene, capacity);
}

sim::Play PlayOne(const Asked& asked, const sim::Scene& scene, sim::LoadTable& table,
                  sim::CapacityTable& capacity, int initial) {
  sim::Play play;
  if (asked.kind == kShadowd || asked.kind == kForecastOnly) {
    play = sim::PlayCore(
        scene, asked.kind == kShadowd ? sim::CorePlayPolicy::kShadowd : sim::CorePlayPolicy::kForecastOnly,
        table, initial);
  } else {
    const std::unique_ptr<sim::Policy> policy = MakePolicy(asked, scene, capacity);
    play = sim::PlayPolicy(scene, *policy, table, initial);
  }
  play.policy = asked.name;
  return play;
}

// The HPA whose target costs least over this play, the higher one where two cost the same.
Asked Tuned(const Asked& asked, const sim::Scene& scene, const std::vector<int>& needed,
            sim::LoadTable& table, sim::CapacityTable& capacity, int initial) {
  Asked best{asked.name, kHpa, std::nullopt};
  double least = 0;
  for (int percent = kTunedLast; percent >= kTunedFirst; percent -= kTunedStep) {
    const Asked tried{asked.name, kHpa, percent / 100.0};
    const double cost = sim::Score(scene, PlayOne(tried, scene, table, capacity, initial), needed).cost;
    if (!best.target || cost < least) {
      best.target = tried.target;
      least = cost;
    }
  }
  return best;
}

std::vector<double> HoldsPerInstance(const sim::Scene& scene, const std::vector<int>& needed,
                                     sim::CapacityTable& capacity) {
  std::vector<double> holds;
  Micros at{0};
  for (const int level : needed) {
    holds.push_back(capacity.MaxDemand(level, sim::CostFactor(scene.events, at)) / level);
    at += scene.trace.step;
  }
  return holds;
}

// What a reader should know of the scene before believing the figures.
std::vector<std::string> WarningsOf(const sim::Scene& scene, sim::CapacityTable& capacity) {
  std::vector<std::string> warnings;
  if (auto beyond = sim::CapacityWarning(scene, capacity)) {
    warnings.push_back(*std::move(beyond));
  }
  const std::vector<double>& played = scene.trace.demand_rps;
  const auto gaps = std::count_if(played.begin(), played.end(), [](double rps) { return std::isnan(rps); });
  if (gaps > 0) {
    warnings.push_back(fmt::format(
        "for {:.1f} minutes of what is played demand is not known; what was known last is played on",
        ToSeconds(scene.trace.step) * static_cast<double>(gaps) / 60));
  }
  if (std::none_of(played.begin(), played.end(), [](double rps) { return rps > 0; })) {
    warnings.emplace_back("demand is zero throughout what is played");
  }
  if (scene.history.length() < kTwoDays) {
    warnings.push_back(fmt::format(
        "only {:.1f} hours of history come before what is played: no daily pattern can be learnt from "
        "less than two days",
        ToSeconds(scene.history.length()) / 3600));
  }
  return warnings;
}

}  // namespace

std::span<const PolicyName> KnownPolicies() {
  return kPolicies;
}

StatusOr<sim::Scene> MakeScene(sim::Scene draft, std::span<const sim::TraceSample> samples,
                               const SceneOptions& options) {
  sim::TraceOptions trace_options;
  trace_options.name = options.name;
  trace_options.step = options.step;
  SHADOWD_ASSIGN_OR_RETURN(sim::Trace trace, sim::MakeTrace(samples, trace_options));
  if (options.peak_rps > 0) {
    SHADOWD_ASSIGN_OR_RETURN(trace, sim::ScaledToPeak(std::move(trace), options.peak_rps));
  }
  double history_share = options.history_share;
  if (options.played_max > Micros(0) && trace.length() > options.played_max) {
    history_share = std::max(history_share, 1 - ToSeconds(options.played_max) / ToSeconds(trace.length()));
  }
  SHADOWD_ASSIGN_OR_RETURN(sim::TraceSplit split, sim::SplitTrace(trace, history_share));
  draft.history = std::move(split.history);
  draft.trace = std::move(split.play);
  for (const std::string& text : options.events) {
    SHADOWD_ASSIGN_OR_RETURN(const sim::SceneEvent event, sim::ParseSceneEvent(text, draft.trace.length()));
    draft.events.push_back(event);
  }
  std::stable_sort(draft.events.begin(), draft.events.end(),
                   [](const sim::SceneEvent& a, const sim::SceneEvent& b) { return a.at < b.at; });
  return draft;
}

StatusOr<Simulation> Simulate(const sim::Scene& scene, const SimulateOptions& options, const Seconds& clock) {
  SHADOWD_ASSIGN_OR_RETURN(const std::vector<Asked> policies, ParsePolicies(options.policies));
  SHADOWD_RETURN_IF_ERROR(sim::CheckScene(scene));
  sim::LoadTable table(scene.plant, scene.spec.balancing);
  sim::CapacityTable capacity(scene, table);
  SHADOWD_RETURN_IF_ERROR(sim::CheckSlo(scene, capacity));
  Simulation simulation;
  simulation.warnings = WarningsOf(scene, capacity);
  simulation.needed = sim::LevelsNeeded(scene, capacity);
  simulation.holds_rps = HoldsPerInstance(scene, simulation.needed, capacity);
  const int initial = sim::InitialLevel(scene, capacity);
  for (Asked asked : policies) {
    PolicyOutcome outcome{.name = asked.name};
    std::vector<sim::Scorecard> scorecards;
    sim::Scene seeded = scene;
    seeded.seed = options.seed;
    if (asked.kind == kHpaTuned) {
      asked = Tuned(asked, seeded, simulation.needed, table, capacity, initial);
      outcome.target = asked.target;
    }
    const double before = clock();
    for (int i = 0; i < options.seeds; ++i) {
      seeded.seed = options.seed + static_cast<uint64_t>(i);
      sim::Play play = PlayOne(asked, seeded, table, capacity, initial);
      scorecards.push_back(sim::Score(seeded, play, simulation.needed));
      if (i == 0) {
        outcome.play = std::move(play);
      }
    }
    outcome.seconds_to_play = (clock() - before) / options.seeds;
    outcome.play.seconds_to_play = outcome.seconds_to_play;
    outcome.summary = sim::Summarise(scorecards);
    simulation.outcomes.push_back(std::move(outcome));
  }
  return simulation;
}

}  // namespace shadowd::lab
