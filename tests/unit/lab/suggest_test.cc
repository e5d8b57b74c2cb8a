// Advice on small scenes: it makes silly settings cheaper, leaves good ones alone, and its figures are those
// of a play with what it proposes.
#include "lab/suggest.h"

#include <nlohmann/json.hpp>

#include "config/service_file.h"
#include "lab/service_setting.h"
#include "lab/suggest_answer.h"
#include "require_ok.h"
#include "small_scene.h"

namespace shadowd::lab {
namespace {

void NoProgress(int, int) {}

double NoClock() {
  return 0;
}

constexpr const char* kYaml =
    "name: shop\nmode: act\ninstance: {argv: [/bin/true], port_first: 20000, port_last: 20199}\n"
    "haproxy: {socket: /run/haproxy.sock, backend: shop}\n"
    "prices: {instance_hour: 0.10, shadow_hour: 0.03, violation_per_minute: 0.1}\n";

sim::Scene SceneWith(const std::string& settings, int hours = 10) {
  sim::Scene draft = SmallDraft();
  const auto spec = config::ParseServiceSpec(kYaml + settings, "shop.yaml");
  REQUIRE_OK(spec);
  draft.spec = *spec;
  draft.start_up = std::chrono::seconds(30);
  return MakeScene(draft, SmallHistory(hours), {.name = "small", .step = std::chrono::minutes(1)}).value();
}

Spent Played(const sim::Scene& scene) {
  const auto simulation = Simulate(scene, {.policies = {"shadowd"}, .seed = scene.seed}, NoClock);
  REQUIRE_OK(simulation);
  const sim::Summary& s = simulation->outcomes[0].summary;
  return {0, s.instance_hours.mean, s.shadow_instance_hours.mean, s.slo_violation_minutes.mean, s.cost.mean};
}

const std::string kBounds = "bounds: {min: 2, max: 40, step_out_max: 20, step_in_max: 4}\n";
const std::string kSilly =
    kBounds + "forecast: {resolution: 1m, horizon_steps: 70, coverage: 0.999, hold: 1h}\n";

}  // namespace

TEST_CASE("silly settings get cheaper, and the figures are those of a play with what is proposed") {
  const sim::Scene scene = SceneWith(kSilly, 20);
  std::vector<int> plays;
  const auto suggestion = Suggest(
      scene, [&](int play, int) { plays.push_back(play); }, 8);
  REQUIRE_OK(suggestion);
  INFO(ToText(*suggestion, "USD"));
  REQUIRE(suggestion->advised);
  CHECK(suggestion->plays == 8);
  CHECK(plays.size() == static_cast<size_t>(suggestion->plays));
  CHECK(suggestion->proposed.first.cost < suggestion->now.first.cost);
  CHECK(suggestion->proposed.second.cost <= suggestion->now.second.cost);

  const Spent now = Played(scene);
  CHECK(suggestion->now.Whole().cost == Approx(now.cost));
  // The service's file, with what is to be pasted over the settings that were silly.
  sim::Scene mended = scene;
  mended.spec = suggestion->spec;
  const Spent then = Played(mended);
  const Spent whole = suggestion->proposed.Whole();
  CHECK(whole.cost == Approx(then.cost));
  CHECK(whole.instance_hours == Approx(then.instance_hours));
  CHECK(whole.shadow_hours == Approx(then.shadow_hours));
  CHECK(whole.violation_minutes == Approx(then.violation_minutes));

  Spent sum;
  for (const SettingChange& change : suggestion->changes) {
    sum.cost += change.effect.cost;
    sum.instance_hours += change.effect.instance_hours;
    CHECK(change.now != change.proposed);
  }
  CHECK(sum.cost == Approx(then.cost - now.cost));
  CHECK(sum.instance_hours == Approx(then.instance_hours - now.instance_hours));

  for (const ServiceSetting& setting : ServiceSettings()) {
    const double value = setting.get(mended.spec);
    const std::string said = fmt::format("{}: {}", setting.key, setting.text(value));
    CHECK((suggestion->yaml.find(said) != std::string::npos) == (value != setting.get(scene.spec)));
  }
}

TEST_CASE("settings that all advice has been taken on are left alone", "[slow]") {
  sim::Scene mended = SceneWith(kSilly, 20);
  const auto first = Suggest(mended, NoProgress);
  REQUIRE_OK(first);
  REQUIRE(first->advised);
  CHECK(first->plays <= kSuggestPlaysMax);
  mended.spec = first->spec;
  const auto again = Suggest(mended, NoProgress);
  REQUIRE_OK(again);
  INFO(ToText(*again, "USD"));
  CHECK_FALSE(again->advised);
  CHECK(again->yaml.empty());
  CHECK(again->spec == mended.spec);
  const auto json = ToJson(*again, "USD");
  CHECK(json["advised"] == false);
  CHECK(json["changes"].empty());
}

TEST_CASE("what the second half does not bear out is dismissed, in words and in JSON") {
  Suggestion s;
  s.verdict = "why not";
  s.now = {{12, 100, 1, 5, 15}, {12, 100, 1, 5, 15}};
  s.proposed = {{12, 90, 1, 5, 14}, {12, 90, 1, 8, 17}};
  s.changes = {{"forecast.coverage", "0.99", "0.8", {0, -20, 0, 3, 1}}};
  const auto json = ToJson(s, "USD");
  CHECK(json["changes"].empty());
  REQUIRE(json["dismissed"].size() == 1);
  CHECK(json["dismissed"][0]["per_30_days"]["instance_hours"].get<double>() == Approx(-600));
  CHECK(json["now"]["second_half"]["cost"] == 15);
  CHECK(json["proposed"]["whole"]["slo_violation_minutes"] == 13);
  const std::string text = ToText(s, "USD");
  CHECK(text.find("dismissed changes") != std::string::npos);
  CHECK(text.find("second half, with the changes") != std::string::npos);
  CHECK(text.find("merged into") == std::string::npos);
}

TEST_CASE("too little to play is refused") {
  const auto suggestion = Suggest(SceneWith(kSilly, 7), NoProgress);
  CHECK(absl::IsInvalidArgument(suggestion.status()));
  CHECK(MessageOf(suggestion.status()).find("at least 4 hours") != std::string::npos);
}

TEST_CASE("each setting reads back what it was set to, in words that the service's file takes") {
  for (const ServiceSetting& setting : ServiceSettings()) {
    for (const double value : setting.values) {
      INFO(setting.Name() << " " << value);
      model::ServiceSpec spec = SceneWith(kSilly, 8).spec;
      setting.set(spec, value);
      CHECK(setting.get(spec) == value);
      const std::string yaml = fmt::format(
          "{}{}: {{{}: {}}}\n",
          kYaml + std::string(setting.section == std::string("bounds") ? "" : "bounds: {min: 2, max: 40}\n"),
          setting.section, setting.key, setting.text(value));
      std::string whole = yaml;
      if (setting.section == std::string("bounds")) {
        whole.replace(whole.find("bounds: {"), 9, "bounds: {min: 2, max: 40, ");
      }
      const auto parsed = config::ParseServiceSpec(whole, "shop.yaml");
      REQUIRE_OK(parsed);
      CHECK(setting.get(*parsed) == value);
    }
  }
}

}  // namespace shadowd::lab
