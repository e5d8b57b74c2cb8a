#include "describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "describe_parts.h"
#include "names.h"
#include "print.h"

namespace shadowd::ctl {
namespace {

// In the KPI's unit, as people read it.
std::string ValueOf(v1::KpiDelta::Kpi kpi, double value) {
  switch (kpi) {
    case v1::KpiDelta::LATENCY_P50:
    case v1::KpiDelta::LATENCY_P95:
    case v1::KpiDelta::LATENCY_P99:
      return fmt::format("{:.1f} ms", value / 1'000);
    case v1::KpiDelta::CPU_PER_REQUEST:
      return fmt::format("{:.2f} ms", value / 1'000);
    case v1::KpiDelta::THROUGHPUT:
    case v1::KpiDelta::ERROR_RATE:
      return fmt::format("{:.2f} %", 100 * value);
    case v1::KpiDelta::MEMORY:
      return fmt::format("{:.1f} MiB", value / (1 << 20));
    default:
      return Short(value);
  }
}

// Latencies, CPU and memory are above zero where they are known; a rate may well be zero.
bool Known(v1::KpiDelta::Kpi kpi, double value) {
  return value > 0 || (value == 0 && (kpi == v1::KpiDelta::THROUGHPUT || kpi == v1::KpiDelta::ERROR_RATE));
}

std::string ValueOrDash(v1::KpiDelta::Kpi kpi, double value) {
  return Known(kpi, value) ? ValueOf(kpi, value) : "-";
}

Row KpiRow(const v1::Arm& arm, const v1::KpiDelta& kpi, bool first) {
  return {first ? std::to_string(arm.level()) : "",
          first ? v1::Arm::Role_Name(arm.role()) + (arm.cached() ? " (cached)" : "") : "",
          first ? Short(arm.load_rps()) + "/s" : "",
          v1::KpiDelta::Kpi_Name(kpi.kpi()),
          ValueOrDash(kpi.kpi(), kpi.predicted()),
          ValueOrDash(kpi.kpi(), kpi.measured()),
          Known(kpi.kpi(), kpi.high())
              ? ValueOf(kpi.kpi(), kpi.low()) + " .. " + ValueOf(kpi.kpi(), kpi.high())
              : "-",
          kpi.predicted() > 0 ? fmt::format("{:+.1f} %", 100 * kpi.delta()) : "-",
          v1::ArmVerdict::ModelAxis_Name(kpi.model()),
          v1::KpiDelta::SloAxis_Name(kpi.slo())};
}

// The next prediction of the same load, beside the one before and what was measured.
std::string AfterText(const v1::Arm& arm) {
  const auto& before = arm.predicted().p95_us();
  const auto& after = arm.predicted_after().p95_us();
  const auto tail = std::find_if(arm.verdict().kpis().begin(), arm.verdict().kpis().end(),
                                 [](const auto& kpi) { return kpi.kpi() == v1::KpiDelta::LATENCY_P95; });
  if (!arm.predicted_after().known() || tail == arm.verdict().kpis().end() || tail->measured() <= 0) {
    return "";
  }
  return fmt::format("    p95 predicted before {}, measured {}, predicted since {}\n",
                     arm.predicted().known() ? ValueOf(tail->kpi(), before.expected()) : "-",
                     ValueOf(tail->kpi(), tail->measured()), ValueOf(tail->kpi(), after.expected()));
}

template <typename Arms>
std::string ArmsText(const Arms& arms) {
  std::vector<Row> rows;
  std::string verdicts;
  for (const v1::Arm& arm : arms) {
    for (int i = 0; i < arm.verdict().kpis_size(); ++i) {
      rows.push_back(KpiRow(arm, arm.verdict().kpis(i), i == 0));
    }
    if (arm.verdict().kpis_size() == 0) {
      rows.push_back({std::to_string(arm.level()), v1::Arm::Role_Name(arm.role()),
                      Short(arm.load_rps()) + "/s", "-", "-", "-", "-", "-", "-", "-"});
    }
    verdicts += fmt::format(
        "  {} replicas: model {}, SLO {}, cause {}, {} requests in {} windows ({} void){}\n", arm.level(),
        v1::ArmVerdict::ModelAxis_Name(arm.verdict().model()),
        v1::KpiDelta::SloAxis_Name(arm.verdict().slo()), v1::ArmVerdict::Cause_Name(arm.verdict().cause()),
        arm.verdict().requests(), arm.verdict().windows(), arm.verdict().windows_void(),
        arm.verdict().reason().empty() ? "" : "\n    " + arm.verdict().reason());
    verdicts += AfterText(arm);
  }
  if (rows.empty()) {
    return "\nNo arms.\n";
  }
  const Row header = {"LEVEL",    "ROLE",     "LOAD",  "KPI",   "PREDICTED",
                      "MEASURED", "INTERVAL", "DELTA", "MODEL", "SLO"};
  return fmt::format("\n{}\nVerdicts\n{}", Table(header, rows), verdicts);
}

std::string TimeOrEmpty(const google::protobuf::Timestamp& time) {
  return time.seconds() == 0 ? std::string() : Clock(time.seconds());
}

}  // namespace

std::string TriggerText(const v1::Trigger& trigger) {
  std::string text = v1::Trigger::Kind_Name(trigger.kind()) + " at " + Clock(trigger.time().seconds());
  text += fmt::format(": {} replicas at {} req/s, planned {} for {} req/s", trigger.current(),
                      Short(trigger.present_rps()), trigger.planned(), Short(trigger.planned_rps()));
  return trigger.evidence().empty() ? text : text + "\n             " + trigger.evidence();
}

std::string Describe(const v1::Trial& trial) {
  std::string text = Line("Trial", trial.name());
  text += Line("State", v1::Trial::State_Name(trial.state()) +
                            (trial.round() > 1 ? fmt::format(", round {}", trial.round()) : ""));
  text += Line("Trigger", TriggerText(trial.trigger()));
  text += Line("Version", trial.trigger().version());
  text += Line("Began", TimeOrEmpty(trial.create_time()));
  text += Line("Measuring", TimeOrEmpty(trial.measure_time()));
  text += Line("Ended", TimeOrEmpty(trial.end_time()));
  text += Line("Traffic", fmt::format("{} mirrored, {} synthetic requests", trial.mirrored_requests(),
                                      trial.synthetic_requests()));
  text +=
      Line("Price", fmt::format("{:.4f} for {:.1f} shadow seconds", trial.cost(), trial.shadow_seconds()));
  text += Line("Note", trial.note());
  return text + ArmsText(trial.arms());
}

std::string Describe(const v1::Decision& decision) {
  std::string text = Line("Decision", decision.name());
  text += Line("Outcome", fmt::format("{}, {}: from {} to {} replicas (planned {})",
                                      v1::Decision::Kind_Name(decision.kind()),
                                      v1::Decision::State_Name(decision.state()), decision.from(),
                                      decision.to(), decision.planned()));
  text += Line("Reason", decision.reason());
  text += Line("Cause", v1::ArmVerdict::Cause_Name(decision.cause()));
  text += Line("Trigger", TriggerText(decision.trigger()));
  text += Line("Trial", decision.trial());
  text += Line("No trial", decision.skip_reason());
  text += Line("Gate", decision.gate_reason());
  text += Line("Decided", TimeOrEmpty(decision.decide_time()));
  text += Line("Applied", decision.apply_time().seconds() == 0
                              ? std::string()
                              : fmt::format("{}, {:.1f} s after the trigger",
                                            Clock(decision.apply_time().seconds()), decision.lead_seconds()));
  text += Line("Price", fmt::format("trial {:.4f}, worth {:+.4f}", decision.trial_cost(), decision.worth()));
  text += Line("Afterwards",
               decision.outcome_reason().empty()
                   ? std::string()
                   : v1::Decision::Outcome_Name(decision.outcome()) + ": " + decision.outcome_reason());
  return text + (decision.arms_size() == 0 ? std::string() : ArmsText(decision.arms()));
}

}  // namespace shadowd::ctl
