#include "lab/suggest_answer.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "ctl/table.h"

namespace shadowd::lab {
namespace {

constexpr double kMonth = 30;

nlohmann::ordered_json SpentJson(const Spent& spent) {
  return {{"hours", spent.hours},
          {"instance_hours", spent.instance_hours},
          {"shadow_instance_hours", spent.shadow_hours},
          {"slo_violation_minutes", spent.violation_minutes},
          {"cost", spent.cost}};
}

nlohmann::ordered_json HalvesJson(const Halves& halves) {
  return {{"whole", SpentJson(halves.Whole())},
          {"first_half", SpentJson(halves.first)},
          {"second_half", SpentJson(halves.second)}};
}

// What a change does over the whole play, at the same rate over a month.
Spent Monthly(Spent effect, double hours_played) {
  effect.hours = hours_played;
  return effect.PerDays(kMonth);
}

ctl::Row DeltaRow(ctl::Row row, const Spent& month) {
  row.insert(row.end(),
             {fmt::format("{:+.1f}", month.instance_hours), fmt::format("{:+.2f}", month.shadow_hours),
              fmt::format("{:+.1f}", month.violation_minutes), fmt::format("{:+.2f}", month.cost)});
  return row;
}

ctl::Row SpentRow(const char* name, const Spent& spent) {
  return {name, fmt::format("{:.1f}", spent.instance_hours), fmt::format("{:.2f}", spent.shadow_hours),
          fmt::format("{:.1f}", spent.violation_minutes), fmt::format("{:.2f}", spent.cost)};
}

std::string ChangesTable(const Suggestion& s, const std::string& currency) {
  const double hours = s.now.Whole().hours;
  std::vector<ctl::Row> rows;
  for (const SettingChange& change : s.changes) {
    rows.push_back(DeltaRow({change.setting, change.now, change.proposed}, Monthly(change.effect, hours)));
  }
  rows.push_back(DeltaRow({"all of them", "", ""}, Monthly(s.proposed.Whole().Minus(s.now.Whole()), hours)));
  return ctl::Table(
      {"SETTING", "NOW", "PROPOSED", "INSTANCE H", "SHADOW H", "MINUTES OVER SLO", "COST " + currency}, rows);
}

std::string HalvesTable(const Suggestion& s, const std::string& currency) {
  std::vector<ctl::Row> rows = {SpentRow("first half, today's settings", s.now.first)};
  if (!s.changes.empty()) {
    rows.push_back(SpentRow("first half, with the changes", s.proposed.first));
  }
  rows.push_back(SpentRow("second half, today's settings", s.now.second));
  if (!s.changes.empty()) {
    rows.push_back(SpentRow("second half, with the changes", s.proposed.second));
  }
  return ctl::Table({"AS PLAYED", "INSTANCE H", "SHADOW H", "MINUTES OVER SLO", "COST " + currency}, rows);
}

}  // namespace

nlohmann::ordered_json ToJson(const Suggestion& s, const std::string& currency) {
  nlohmann::ordered_json changes = nlohmann::ordered_json::array();
  for (const SettingChange& change : s.changes) {
    changes.push_back({{"setting", change.setting},
                       {"now", change.now},
                       {"proposed", change.proposed},
                       {"per_30_days", SpentJson(Monthly(change.effect, s.now.Whole().hours))}});
  }
  nlohmann::ordered_json json;
  json["advised"] = s.advised;
  json["verdict"] = s.verdict;
  json["currency"] = currency;
  json["changes"] = s.advised ? changes : nlohmann::ordered_json::array();
  json["dismissed"] = s.advised ? nlohmann::ordered_json::array() : std::move(changes);
  json["now"] = HalvesJson(s.now);
  json["proposed"] = HalvesJson(s.proposed);
  json["per_30_days"] = SpentJson(Monthly(s.proposed.Whole().Minus(s.now.Whole()), s.now.Whole().hours));
  json["yaml"] = s.yaml;
  json["plays"] = s.plays;
  return json;
}

std::string ToText(const Suggestion& s, const std::string& currency) {
  std::string text = fmt::format("Advice, after {} plays of {:.1f} days: {}\n", s.plays,
                                 s.now.Whole().hours / 24, s.verdict);
  if (!s.changes.empty()) {
    text += fmt::format("\n{}, each on top of those above it, in 30 days:\n{}",
                        s.advised ? "What the changes do" : "What the dismissed changes would do",
                        ChangesTable(s, currency));
  }
  text += fmt::format("\n{}", HalvesTable(s, currency));
  if (s.advised) {
    text += fmt::format("\nFor the service's file, merged into what is there:\n\n{}", s.yaml);
  }
  return text;
}

}  // namespace shadowd::lab
