#include "lab/report.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "lab/chart.h"
#include "lab/condition.h"

namespace shadowd::lab {
namespace {

// Told apart by those who see colours differently (Okabe and Ito).
constexpr std::array kColours = {"#0072b2", "#e69f00", "#d55e00", "#009e73", "#cc79a7",
                                 "#56b4e9", "#8c6d31", "#444444", "#999933", "#882255"};
constexpr size_t kDecisionsShown = 200;

std::string ColourOf(size_t policy) {
  return kColours[policy % kColours.size()];
}

std::string Clock(const sim::Scene& scene, Micros at) {
  return CalendarText(scene.trace.start + at);
}

std::string Length(Micros length) {
  const double hours = ToSeconds(length) / 3600;
  return hours >= 48 ? fmt::format("{:.1f} days", hours / 24) : fmt::format("{:.1f} hours", hours);
}

const char* EventColour() {
  return "#7a0177";
}

std::string EventText(const sim::SceneEvent& event) {
  switch (event.kind) {
    case sim::SceneEventKind::kDeploy:
      return fmt::format("deploy: each request costs {:+.0f} %", (event.size - 1) * 100);
    case sim::SceneEventKind::kFlash:
      return fmt::format("flash crowd: demand x{:.2g} for {}", event.size, Length(event.duration));
    case sim::SceneEventKind::kShift:
      return fmt::format("demand shifts to x{:.2g}", event.size);
    case sim::SceneEventKind::kFailure:
      return fmt::format("{:.0f} instances fail", event.size);
    case sim::SceneEventKind::kOutage:
      return fmt::format("no metrics for {}", Length(event.duration));
  }
  return "";
}

std::vector<double> Values(const sim::Play& play, double (*of)(const sim::PlayStep&)) {
  std::vector<double> values;
  values.reserve(play.steps.size());
  for (const sim::PlayStep& step : play.steps) {
    values.push_back(of(step));
  }
  return values;
}

double OrNothing(double value) {
  return value >= 0 ? value : std::nan("");
}

// Demand, the limit that the first policy planned with, and what its instances could hold.
Panel DemandPanel(const Simulation& simulation) {
  const sim::Play& first = simulation.outcomes[0].play;
  Panel panel{.title = "Demand, requests/s", .height = 220};
  panel.lines.push_back({.name = "demand",
                         .colour = "#888888",
                         .y = Values(first, [](const sim::PlayStep& step) { return step.demand_rps; }),
                         .filled = true});
  std::vector<double> upper =
      Values(first, [](const sim::PlayStep& step) { return OrNothing(step.upper_rps); });
  if (std::any_of(upper.begin(), upper.end(), [](double v) { return std::isfinite(v); })) {
    panel.lines.push_back({.name = "upper limit of the forecast a start ago",
                           .colour = "#009e73",
                           .y = std::move(upper),
                           .dashed = true,
                           .peaks = false});
  }
  std::vector<double> capacity;
  double highest = 0;
  for (size_t i = 0; i < first.steps.size(); ++i) {
    capacity.push_back(first.steps[i].serving *
                       simulation.holds_rps[std::min(i, simulation.holds_rps.size() - 1)]);
    highest = std::max({highest, capacity.back(), first.steps[i].demand_rps});
  }
  panel.y_most = highest * 1.3;  // a limit may be far off for a moment
  panel.lines.push_back({.name = "held by the instances of " + simulation.outcomes[0].name,
                         .colour = ColourOf(0),
                         .y = std::move(capacity),
                         .peaks = false});
  return panel;
}

Panel ReplicaPanel(const Simulation& simulation) {
  Panel panel{.title = "Instances", .height = 200};
  for (size_t i = 0; i < simulation.outcomes.size(); ++i) {
    panel.lines.push_back({.name = simulation.outcomes[i].name,
                           .colour = ColourOf(i),
                           .y = Values(simulation.outcomes[i].play,
                                       [](const sim::PlayStep& step) { return 1.0 * step.serving; }),
                           .peaks = false,
                           .bold = i == 0});
  }
  return panel;
}

Panel LatencyPanel(const sim::Scene& scene, const Simulation& simulation) {
  const double limit_ms = ToSeconds(scene.spec.slo.latency_limit) * 1e3;
  Panel panel{.title = fmt::format("Latency {}, ms", QuantileName(scene.spec.slo.latency_quantile)),
              .rule = Rule{fmt::format("limit {:.4g} ms", limit_ms), limit_ms},
              .y_most = 3 * limit_ms,
              .height = 180};
  for (size_t i = 0; i < simulation.outcomes.size(); ++i) {
    panel.lines.push_back(
        {.name = simulation.outcomes[i].name,
         .colour = ColourOf(i),
         .y = Values(simulation.outcomes[i].play, [](const sim::PlayStep& step) { return step.p_us * 1e-3; }),
         .bold = i == 0});
  }
  return panel;
}

Strip ViolationStrip(const Simulation& simulation) {
  Strip strip{.title = "Over the SLO", .rows = {}};
  for (size_t i = 0; i < simulation.outcomes.size(); ++i) {
    strip.rows.push_back({.name = simulation.outcomes[i].name,
                          .colour = "#c00000",
                          .y = Values(simulation.outcomes[i].play,
                                      [](const sim::PlayStep& step) { return step.violation_share; })});
  }
  return strip;
}

std::string DecisionColour(const std::string& kind) {
  if (kind == "CONFIRMED") {
    return "#009e73";
  }
  return kind == "ADJUSTED" ? "#e69f00" : (kind == "REJECTED" ? "#d55e00" : "#777777");
}

Chart ChartOf(const sim::Scene& scene, const Simulation& simulation) {
  Chart chart{.start = scene.trace.start, .step = scene.trace.step};
  chart.panels = {DemandPanel(simulation), ReplicaPanel(simulation), LatencyPanel(scene, simulation)};
  chart.strip = ViolationStrip(simulation);
  for (const sim::SceneEvent& event : scene.events) {
    chart.events.push_back({event.at, EventText(event), sim::SceneEventName(event.kind), EventColour()});
  }
  for (const char* kind : {"CONFIRMED", "ADJUSTED", "REJECTED", "INCONCLUSIVE"}) {
    chart.kinds.push_back({.name = kind, .colour = DecisionColour(kind)});
  }
  for (const sim::PlayDecision& decision : simulation.outcomes[0].play.decisions) {
    chart.decisions.push_back({decision.at,
                               fmt::format("{} {}: {} to {}: {}", Clock(scene, decision.at), decision.kind,
                                           decision.from, decision.to, decision.reason),
                               "", DecisionColour(decision.kind)});
  }
  return chart;
}

// "12.3", with its interval where there is one.
std::string SpreadText(const sim::Spread& spread, const char* format = "{:.1f}") {
  const std::string mean = fmt::format(fmt::runtime(format), spread.mean);
  if (spread.high <= spread.low) {
    return mean;
  }
  return fmt::format("{} <small>{} to {}</small>", mean, fmt::format(fmt::runtime(format), spread.low),
                     fmt::format(fmt::runtime(format), spread.high));
}

std::string PolicyTable(const sim::Scene& scene, const Simulation& simulation) {
  std::string html =
      "<table><tr><th>policy</th><th>minutes over the SLO</th><th>requests over the limit or failed, "
      "%</th><th>instance "
      "hours</th>"
      "<th>shadow hours</th><th>changes of replicas</th><th>scale-outs in vain</th><th>too few, % of "
      "time</th><th>too "
      "many, % "
      "of time</th><th>cost, " +
      Escaped(scene.spec.prices.currency) + "</th></tr>\n";
  for (size_t i = 0; i < simulation.outcomes.size(); ++i) {
    const sim::Summary& s = simulation.outcomes[i].summary;
    sim::Spread over = s.over_share;
    over = {over.mean * 100, over.low * 100, over.high * 100};
    html += fmt::format(
        "<tr{}><td class=\"whole\"><b style=\"color:{}\">&#9632;</b> "
        "{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "<td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        i == 0 ? " class=\"first\"" : "", ColourOf(i), Escaped(ShownName(simulation.outcomes[i])),
        SpreadText(s.slo_violation_minutes), SpreadText(over, "{:.3f}"), SpreadText(s.instance_hours),
        SpreadText(s.shadow_instance_hours, "{:.2f}"), SpreadText(s.scale_actions, "{:.0f}"),
        SpreadText(s.false_scale_outs, "{:.0f}"), SpreadText(s.tau_under), SpreadText(s.tau_over),
        SpreadText(s.cost, "{:.2f}"));
  }
  return html + "</table>\n";
}

std::string DecisionTable(const sim::Scene& scene, const Simulation& simulation) {
  const std::vector<sim::PlayDecision>& decisions = simulation.outcomes[0].play.decisions;
  if (decisions.empty()) {
    return "";
  }
  std::string html = fmt::format(
      "<h2>Decisions of {}</h2>\n<table><tr><th>time</th><th>trigger</th><th>decision</th><th>from</th>"
      "<th>planned</th><th>to</th><th class=\"why\">why</th></tr>\n",
      Escaped(simulation.outcomes[0].name));
  for (size_t i = 0; i < std::min(decisions.size(), kDecisionsShown); ++i) {
    const sim::PlayDecision& d = decisions[i];
    html += fmt::format(
        "<tr><td class=\"whole\">{}</td><td>{}</td><td "
        "style=\"color:{}\">{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "<td class=\"why\">{}</td></tr>\n",
        Clock(scene, d.at), Escaped(d.trigger), DecisionColour(d.kind), Escaped(d.kind), d.from, d.planned,
        d.to, Escaped(d.reason));
  }
  html += "</table>\n";
  if (decisions.size() > kDecisionsShown) {
    html += fmt::format("<p>The first {} of {} are shown.</p>\n", kDecisionsShown, decisions.size());
  }
  return html;
}

std::string Meanings(const Simulation& simulation) {
  std::string html = "<h2>Policies</h2>\n<ul>\n";
  for (const PolicyOutcome& outcome : simulation.outcomes) {
    for (const PolicyName& known : KnownPolicies()) {
      if (outcome.name.substr(0, outcome.name.find(':')) == known.name) {
        html += fmt::format("<li><b>{}</b>: {}</li>\n", Escaped(outcome.name), Escaped(known.meaning));
      }
    }
  }
  return html + "</ul>\n<h2>Over time</h2>\n";
}

constexpr const char* kStyle =
    "body{font-family:sans-serif;max-width:1100px;margin:24px auto;padding:0 16px;color:#222}"
    "table{border-collapse:collapse;font-size:13px;width:100%}th,td{padding:4px 8px;border-bottom:1px solid "
    "#ddd;"
    "text-align:right;vertical-align:top}th{background:#f5f5f5}td:first-child,th:first-child,.why{text-align:"
    "left}"
    "tr.first{background:#eef6fb}small{color:#777;display:block}.whole{white-space:nowrap}.lead{font-size:"
    "18px}";

}  // namespace

std::vector<std::string> Headlines(const sim::Scene& scene, const Simulation& simulation) {
  std::vector<std::string> lines;
  const PolicyOutcome& first = simulation.outcomes[0];
  const double minutes = first.summary.slo_violation_minutes.mean, hours = first.summary.instance_hours.mean;
  lines.push_back(fmt::format(
      "Over {} {} was over its SLO for {:.1f} minutes, with {:.0f} instance hours and {:.2f} "
      "shadow hours; it costs {:.2f} {}.",
      Length(scene.trace.length()), first.name, minutes, hours, first.summary.shadow_instance_hours.mean,
      first.summary.cost.mean, scene.spec.prices.currency));
  for (size_t i = 1; i < simulation.outcomes.size(); ++i) {
    const PolicyOutcome& other = simulation.outcomes[i];
    const double theirs = other.summary.slo_violation_minutes.mean, paid = other.summary.instance_hours.mean;
    std::string line =
        fmt::format("{}: {:.1f} minutes with {:.0f} instance hours", ShownName(other), theirs, paid);
    if (other.name.substr(0, 6) != "oracle" && theirs > 0 && paid > 0) {
      const std::string compared =
          std::abs(minutes - theirs) < 0.05
              ? std::string("as many minutes")
              : fmt::format("{:.0f} % {} minutes", std::abs(1 - minutes / theirs) * 100,
                            minutes < theirs ? "fewer" : "more");
      line += fmt::format("; {} has {} at {:.0f} % of its hours", first.name, compared, hours / paid * 100);
    } else if (paid > 0) {
      line += fmt::format("; {} used {:.0f} % of its hours", first.name, hours / paid * 100);
    }
    lines.push_back(line + ".");
  }
  for (const std::string& warning : simulation.warnings) {
    lines.push_back("Beware: " + warning + ".");
  }
  return lines;
}

std::string ShownName(const PolicyOutcome& outcome) {
  return outcome.target ? fmt::format("{} (CPU {:.0f} %)", outcome.name, *outcome.target * 100)
                        : outcome.name;
}

std::string ReportSvg(const sim::Scene& scene, const Simulation& simulation) {
  return DrawChart(ChartOf(scene, simulation));
}

std::string ReportHtml(const sim::Scene& scene, const Simulation& simulation) {
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0} on {1}</title><style>{2}"
      "</style></head>\n<body>\n<h1>{0} on the history {1}</h1>\n",
      Escaped(scene.spec.id.str()), Escaped(scene.trace.name), kStyle);
  const std::vector<std::string> lines = Headlines(scene, simulation);
  html += fmt::format("<p class=\"lead\">{}</p>\n<ul>\n", Escaped(lines[0]));
  for (size_t i = 1; i < lines.size(); ++i) {
    html += fmt::format("<li>{}</li>\n", Escaped(lines[i]));
  }
  html += "</ul>\n" + PolicyTable(scene, simulation);
  html += fmt::format(
      "<p>SLO: {} at most {:.4g} ms. Played from {} on in steps of {} s; the {} before were known to those "
      "who "
      "learn. A cost is that of instances, shadows and minutes over the SLO.{}</p>\n",
      QuantileName(scene.spec.slo.latency_quantile), ToSeconds(scene.spec.slo.latency_limit) * 1e3,
      Clock(scene, Micros(0)), ToSeconds(scene.trace.step), Length(scene.history.length()),
      simulation.outcomes[0].summary.seeds > 1
          ? fmt::format(" Means over {} seeds with 90 % intervals; the charts show the first.",
                        simulation.outcomes[0].summary.seeds)
          : std::string());
  for (const sim::SceneEvent& event : scene.events) {
    html += fmt::format("<p>{}: {}</p>\n", Clock(scene, event.at), Escaped(EventText(event)));
  }
  html += Meanings(simulation) + ReportSvg(scene, simulation) + DecisionTable(scene, simulation);
  return html + "</body></html>\n";
}

}  // namespace shadowd::lab
