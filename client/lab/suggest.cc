#include "lab/suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "config/validate_service.h"
#include "lab/service_setting.h"
#include "sim/capacity_table.h"
#include "sim/core_play.h"
#include "sim/load_table.h"
#include "sim/oracle.h"
#include "sim/scene_check.h"
#include "sim/scorecard.h"

namespace shadowd::lab {
namespace {

constexpr Micros kShortest = std::chrono::hours(4);
// Less than this share of the cost is chance: one change, and all of them together.
constexpr double kChangeGain = 0.005, kTotalGain = 0.01;
constexpr double kRounding = 1e-9;  // of the cost: figures that are sums of many steps
constexpr double kThin = 96;        // hours played, below which advice rests on little

Spent SpentOf(const sim::Scorecard& card) {
  return {card.hours, card.instance_hours, card.shadow_instance_hours, card.slo_violation_minutes, card.cost};
}

sim::Scene FirstHalf(const sim::Scene& scene) {
  sim::Scene half = scene;
  half.trace.demand_rps.resize(scene.trace.demand_rps.size() / 2);
  std::erase_if(half.events,
                [&half](const sim::SceneEvent& event) { return event.at >= half.trace.length(); });
  return half;
}

// Plays shadowd with other settings over the same scene. No play sees what comes later, so the first half of
// a whole play is the play of the first half, and the second is what is left.
class Player {
 public:
  explicit Player(const sim::Scene& scene)
      : whole_(scene),
        half_(FirstHalf(scene)),
        table_(scene.plant, scene.spec.balancing),
        capacity_(scene, table_) {}

  Status Check() {
    SHADOWD_RETURN_IF_ERROR(sim::CheckScene(whole_));
    SHADOWD_RETURN_IF_ERROR(sim::CheckSlo(whole_, capacity_));
    needed_ = sim::LevelsNeeded(whole_, capacity_);
    initial_ = sim::InitialLevel(whole_, capacity_);
    return absl::OkStatus();
  }

  Spent First(const model::ServiceSpec& spec) { return Play(half_, spec); }
  Spent Whole(const model::ServiceSpec& spec) { return Play(whole_, spec); }

 private:
  Spent Play(sim::Scene& scene, const model::ServiceSpec& spec) {
    scene.spec = spec;
    return SpentOf(
        sim::Score(scene, sim::PlayCore(scene, sim::CorePlayPolicy::kShadowd, table_, initial_), needed_));
  }

  sim::Scene whole_;
  sim::Scene half_;
  sim::LoadTable table_;
  sim::CapacityTable capacity_;
  std::vector<int> needed_;
  int initial_ = 0;
};

// Tries the values of one setting after the other, and begins again while that helps.
class Search {
 public:
  Search(Player& player, const model::ServiceSpec& spec, const Progress& progress, int plays_max)
      : player_(player), progress_(progress), plays_max_(plays_max), spec_(spec), spent_(First(spec)) {}

  void Run() {
    bool better = true;
    while (better && plays_ < plays_max_) {
      better = false;
      for (const ServiceSetting& setting : ServiceSettings()) {
        const bool idle = setting.of_trials && spec_.trial.policy == model::TrialPolicy::kNever;
        better = (!idle && Try(setting)) || better;
      }
    }
  }

  const model::ServiceSpec& spec() const { return spec_; }
  const Spent& spent() const { return spent_; }
  int plays() const { return plays_; }

 private:
  bool Try(const ServiceSetting& setting) {
    std::optional<double> best;
    Spent least = spent_;
    const double enough = (1 - kChangeGain) * spent_.cost;
    for (const double value : setting.values) {
      model::ServiceSpec spec = spec_;
      setting.set(spec, value);
      // What the service would be refused with is no advice.
      if (spec == spec_ || plays_ >= plays_max_ || !config::ValidateService(spec).ok()) {
        continue;
      }
      if (const Spent spent = First(spec); spent.cost < std::min(least.cost, enough)) {
        best = value;
        least = spent;
      }
    }
    if (best) {
      setting.set(spec_, *best);
      spent_ = least;
    }
    return best.has_value();
  }

  Spent First(const model::ServiceSpec& spec) {
    std::vector<double> key;
    for (const ServiceSetting& setting : ServiceSettings()) {
      key.push_back(setting.get(spec));
    }
    if (const auto known = played_.find(key); known != played_.end()) {
      return known->second;
    }
    progress_(++plays_, plays_max_);
    return played_[key] = player_.First(spec);
  }

  Player& player_;
  const Progress& progress_;
  int plays_max_;
  int plays_ = 0;
  std::map<std::vector<double>, Spent> played_;
  model::ServiceSpec spec_;
  Spent spent_;
};

// One change after the other over the whole play, so that what they do adds up.
std::vector<SettingChange> ChangesOf(const model::ServiceSpec& now, const model::ServiceSpec& proposed,
                                     Player& player, const Spent& whole, Spent& last) {
  std::vector<SettingChange> changes;
  model::ServiceSpec spec = now;
  last = whole;
  for (const ServiceSetting& setting : ServiceSettings()) {
    const double value = setting.get(proposed);
    if (value == setting.get(now)) {
      continue;
    }
    setting.set(spec, value);
    const Spent spent = player.Whole(spec);
    changes.push_back(
        {setting.Name(), setting.text(setting.get(now)), setting.text(value), spent.Minus(last)});
    last = spent;
  }
  return changes;
}

// "forecast: {coverage: 0.95, hold: 10m}", a line a section.
std::string YamlOf(const model::ServiceSpec& now, const model::ServiceSpec& proposed) {
  std::map<std::string, std::string> sections;
  for (const ServiceSetting& setting : ServiceSettings()) {
    if (const double value = setting.get(proposed); value != setting.get(now)) {
      std::string& inside = sections[setting.section];
      inside += fmt::format("{}{}: {}", inside.empty() ? "" : ", ", setting.key, setting.text(value));
    }
  }
  std::string yaml;
  for (const auto& [section, inside] : sections) {
    yaml += fmt::format("{}: {{{}}}\n", section, inside);
  }
  return yaml;
}

// Fills in whether the changes are advised.
void Decide(Suggestion& s) {
  const double first = s.proposed.first.cost - s.now.first.cost;
  const double second = s.proposed.second.cost - s.now.second.cost;
  const double month = s.now.Whole().hours > 0 ? 720 / s.now.Whole().hours : 0;
  if (s.changes.empty() || -first < kTotalGain * s.now.first.cost) {
    s.verdict = fmt::format("No change saves {:.0f} % on the first half; today's settings are left alone.",
                            kTotalGain * 100);
  } else if (second > kRounding * s.now.second.cost) {
    s.verdict = fmt::format(
        "What saves {:.2f} on the first half costs {:.2f} more than today's settings on the second: it would "
        "be fitted to chance, and nothing is proposed.",
        -first, second);
  } else {
    s.advised = true;
    s.verdict = fmt::format(
        "Chosen on the first half, where it saves {:.2f}; on the second, which it had not seen, it saves "
        "{:.2f}. In 30 days that is {:.2f}.",
        -first, -second, -(first + second) * month);
  }
  if (s.advised && s.now.Whole().hours < kThin) {
    s.verdict += fmt::format(" It rests on {:.0f} hours only: try it on more.", s.now.Whole().hours);
  }
}

}  // namespace

Spent Spent::Minus(const Spent& other) const {
  return {hours - other.hours, instance_hours - other.instance_hours, shadow_hours - other.shadow_hours,
          violation_minutes - other.violation_minutes, cost - other.cost};
}

Spent Spent::PerDays(double days) const {
  const double by = hours > 0 ? 24 * days / hours : 0;
  return {24 * days, instance_hours * by, shadow_hours * by, violation_minutes * by, cost * by};
}

Spent Halves::Whole() const {
  return {first.hours + second.hours, first.instance_hours + second.instance_hours,
          first.shadow_hours + second.shadow_hours, first.violation_minutes + second.violation_minutes,
          first.cost + second.cost};
}

StatusOr<Suggestion> Suggest(const sim::Scene& scene, const Progress& progress, int plays_max) {
  if (scene.trace.length() < kShortest) {
    return InvalidArgument("advice needs at least {:.0f} hours to play, and there are {:.1f}",
                           ToSeconds(kShortest) / 3600, ToSeconds(scene.trace.length()) / 3600);
  }
  Player player(scene);
  SHADOWD_RETURN_IF_ERROR(player.Check());
  Suggestion s;
  s.spec = scene.spec;
  s.now.first = player.First(scene.spec);
  const Spent whole = player.Whole(scene.spec);
  s.now.second = whole.Minus(s.now.first);
  Search search(player, scene.spec, progress, plays_max);
  search.Run();
  Spent last;
  s.changes = ChangesOf(scene.spec, search.spec(), player, whole, last);
  s.proposed = {search.spent(), last.Minus(search.spent())};
  s.plays = search.plays();
  Decide(s);
  if (s.advised) {
    s.spec = search.spec();
    s.yaml = YamlOf(scene.spec, s.spec);
  }
  return s;
}

}  // namespace shadowd::lab
