#include "tell.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace shadowd::demo {

using nlohmann::json;

namespace {

constexpr double kViolationsMax = 5;

std::string Clock(const std::string& rfc3339) {
  return rfc3339.size() >= 19 ? rfc3339.substr(11, 8) : rfc3339;
}

// Demand as bars, one a few seconds: the scale of a terminal.
void PlotDemand(const Story& story) {
  constexpr int kColumns = 72, kRows = 8;
  std::vector<double> demand(kColumns, 0), p95(kColumns, 0);
  const size_t seconds = story.users.size();
  for (int column = 0; column < kColumns; ++column) {
    const size_t first = seconds * static_cast<size_t>(column) / kColumns;
    const size_t last = std::max(first + 1, seconds * static_cast<size_t>(column + 1) / kColumns);
    for (size_t i = first; i < last && i < seconds; ++i) {
      demand[static_cast<size_t>(column)] +=
          static_cast<double>(story.users[i].sent) / static_cast<double>(last - first);
      p95[static_cast<size_t>(column)] = std::max(p95[static_cast<size_t>(column)], story.users[i].p95_ms);
    }
  }
  const double top = std::max(1.0, *std::max_element(demand.begin(), demand.end()));
  fmt::print(
      "Demand, requests/s (top {:.0f}); below it the seconds whose p95 was over {:.0f} ms are marked !\n",
      top, story.slo_ms);
  for (int row = kRows; row >= 1; --row) {
    std::string line = row == kRows ? fmt::format("{:>5.0f} |", top) : "      |";
    for (const double value : demand) {
      line += value >= top * (row - 0.5) / kRows ? '#' : ' ';
    }
    fmt::print("{}\n", line);
  }
  std::string marks = "      |";
  for (const double value : p95) {
    marks += value > story.slo_ms ? '!' : '-';
  }
  fmt::print("{}\n\n", marks);
}

std::string Direction(const json& decision) {
  const int from = decision.value("from", 0), to = decision.value("to", 0);
  return to > from   ? fmt::format("scaled out from {} to {}", from, to)
         : to < from ? fmt::format("scaled in from {} to {}", from, to)
                     : fmt::format("stayed at {}", from);
}

void TellDecision(const json& decision) {
  const json trigger = decision.value("trigger", json::object());
  fmt::print("{}  {:<12} planned {}, {}  [{}, {}]\n", Clock(decision.value("create_time", "")),
             decision.value("kind", ""), decision.value("planned", 0), Direction(decision),
             trigger.value("kind", ""), decision.value("state", ""));
  fmt::print("          why asked: {}\n", trigger.value("evidence", ""));
  for (const json& arm : decision.value("arms", json::array())) {
    const json verdict = arm.value("verdict", json::object());
    if (decision.value("trial", "").empty() || verdict.value("slo", "").empty()) {
      continue;
    }
    double predicted = 0, measured = 0;
    for (const json& kpi : verdict.value("kpis", json::array())) {
      if (kpi.value("kpi", "") == "LATENCY_P95") {
        predicted = kpi.value("predicted", 0.0);
        measured = kpi.value("measured", 0.0);
      }
    }
    fmt::print(
        "          {:<9} level {}: {:>3.0f} req/s each, p95 predicted {:>3.0f} ms, measured {:>3.0f} ms: SLO "
        "{}, model {}\n",
        arm.value("role", ""), arm.value("level", 0), arm.value("load_rps", 0.0), predicted / 1000,
        measured / 1000, verdict.value("slo", ""), verdict.value("model", ""));
  }
  fmt::print("          verdict: {}\n", decision.value("reason", ""));
  if (decision.value("lead_seconds", 0.0) > 0) {
    fmt::print("          in force {:.0f} s after the trigger\n", decision.value("lead_seconds", 0.0));
  }
}

void TellMoney(const Story& story, const json& report) {
  double avoided = 0, shadow_cost = 0;
  std::string currency = "USD";
  for (const json& cost : story.costs) {
    avoided += cost.value("violation_cost_avoided", 0.0);
    shadow_cost += cost.value("shadow_cost", 0.0);
    currency = cost.value("currency", currency);
  }
  fmt::print(
      "Shadows cost {:.4f} {} ({:.0f} shadow-seconds beside {:.0f} instance-seconds of production); "
      "violations avoided are "
      "put at {:.2f} {}.\n",
      shadow_cost, currency, report.value("shadow_instance_seconds", 0.0),
      report.value("production_instance_seconds", 0.0), avoided, currency);
}

bool TooBusy(const Story& story) {
  double kept = 0, lost = 0;
  for (const json& trial : story.trials) {
    for (const json& arm : trial.value("arms", json::array())) {
      kept += arm.value("verdict", json::object()).value("windows", 0);
      lost += arm.value("verdict", json::object()).value("windows_void", 0);
    }
  }
  return kept + lost > 0 && lost > 0.3 * (kept + lost);
}

}  // namespace

void Tell(const Story& story) {
  const json report = Report(story);
  fmt::print("\n");
  PlotDemand(story);
  for (const json& decision : story.decisions) {
    TellDecision(decision);
  }
  fmt::print(
      "\n{} trials with {} shadows saw {:.0f} copies of real requests and {:.0f} synthetic ones; the model "
      "was retrained {} "
      "times.\n",
      report["trials"].get<size_t>(), report["shadows_started"].get<size_t>(),
      report["mirrored_requests"].get<double>(), report["synthetic_requests"].get<double>(),
      report["retrains"].get<int>());
  fmt::print("Forecast: {:.1f} % of the one-step limits held (95 % wanted), MASE {:.2f}.\n",
             100 * report["forecast"]["coverage"].get<double>(), report["forecast"]["mase"].get<double>());
  fmt::print("Users: {:.0f} of {} seconds over the SLO (p95 <= {:.0f} ms).\n", ViolationSeconds(story),
             story.users.size(), story.slo_ms);
  TellMoney(story, report);
  if (TooBusy(story)) {
    fmt::print(
        "More than 30 % of the shadows' seconds were void: they waited for a CPU. This machine is too busy "
        "for the demo.\n");
  }
}

void TellComparison(const Story& shadowd, const Story& forecast_only) {
  const json with = Report(shadowd), without = Report(forecast_only);
  fmt::print("\nThe same demand and the same deploy, twice:\n");
  fmt::print("{:<34}{:>14}{:>14}\n", "", "forecast only", "with shadows");
  const auto row = [&](const char* what, const char* name) {
    fmt::print("{:<34}{:>14.0f}{:>14.0f}\n", what, without[name].get<double>(), with[name].get<double>());
  };
  row("seconds over the SLO", "slo_violation_seconds");
  row("instance-seconds of production", "production_instance_seconds");
  row("shadow-seconds", "shadow_instance_seconds");
}

std::vector<std::string> Missing(const Story& story) {
  std::vector<std::string> missing;
  const auto want = [&](bool seen, const std::string& what) {
    if (!seen) {
      missing.push_back(what);
    }
  };
  const bool adjusted = std::any_of(story.decisions.begin(), story.decisions.end(), [](const json& decision) {
    return decision.value("kind", "") == "ADJUSTED" && decision.value("version", "").starts_with("2") &&
           decision.value("to", 0) > decision.value("planned", 0);
  });
  want(CountKind(story, "CONFIRMED", 1) >= 1, "no scale-out was CONFIRMED");
  want(adjusted, "no plan was ADJUSTED upwards after the deploy");
  want(CountKind(story, "CONFIRMED", -1) >= 1, "no scale-in was CONFIRMED");
  want(ViolationSeconds(story) <= kViolationsMax,
       fmt::format("users were over the SLO for {:.0f} s, more than {:.0f}", ViolationSeconds(story),
                   kViolationsMax));
  want(
      story.shadows_left == 0 && story.instances_left == 0,
      fmt::format("{} shadows and {} instances were left running", story.shadows_left, story.instances_left));
  return missing;
}

}  // namespace shadowd::demo
