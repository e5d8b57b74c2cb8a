#include "describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "names.h"
#include "print.h"

namespace shadowd::ctl {
namespace {

std::string Line(const char* label, const std::string& value) {
  return value.empty() ? std::string() : fmt::format("{:<12} {}\n", label, value);
}

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
  }
  if (rows.empty()) {
    return "\nNo arms.\n";
  }
  const Row header = {"LEVEL",    "ROLE",     "LOAD",  "KPI",   "PREDICTED",
                      "MEASURED", "INTERVAL", "DELTA", "MODEL", "SLO"};
  return fmt::format("\n{}\nVerdicts\n{}", Table(header, rows), verdicts);
}

std::string TriggerText(const v1::Trigger& trigger) {
  std::string text = v1::Trigger::Kind_Name(trigger.kind()) + " at " + Clock(trigger.time().seconds());
  text += fmt::format(": {} replicas at {} req/s, planned {} for {} req/s", trigger.current(),
                      Short(trigger.present_rps()), trigger.planned(), Short(trigger.planned_rps()));
  return trigger.evidence().empty() ? text : text + "\n             " + trigger.evidence();
}

std::string TimeOrEmpty(const google::protobuf::Timestamp& time) {
  return time.seconds() == 0 ? std::string() : Clock(time.seconds());
}

struct Column {  // of the plot: some steps together
  double expected = 0;
  double lower = 0;
  double upper = 0;
};

std::vector<Column> ColumnsOf(const v1::Forecast& forecast, size_t width) {
  const size_t steps = static_cast<size_t>(forecast.steps_size());
  const size_t count = std::min(width, steps);
  std::vector<Column> columns;
  for (size_t i = 0; i < count; ++i) {
    const size_t begin = i * steps / count;
    const size_t end = (i + 1) * steps / count;
    Column column;
    column.lower = forecast.steps(static_cast<int>(begin)).lower_rps();
    for (size_t step = begin; step < end; ++step) {
      const auto& value = forecast.steps(static_cast<int>(step));
      column.expected += value.expected_rps() / static_cast<double>(end - begin);
      column.lower = std::min(column.lower, value.lower_rps());
      column.upper = std::max(column.upper, value.upper_rps());
    }
    columns.push_back(column);
  }
  return columns;
}

}  // namespace

std::string PlotForecast(const v1::Forecast& forecast, size_t width, size_t height) {
  const std::vector<Column> columns = ColumnsOf(forecast, width);
  if (columns.empty()) {
    return "  (no steps)\n";
  }
  double top = forecast.last_observed_rps();
  for (const Column& column : columns) {
    top = std::max(top, column.upper);
  }
  top = top > 0 ? top : 1;
  const auto row_of = [&](double value) {
    return static_cast<size_t>(
        std::lround((1 - std::clamp(value / top, 0.0, 1.0)) * static_cast<double>(height - 1)));
  };
  std::string text;
  for (size_t row = 0; row < height; ++row) {
    const bool labelled = row % 4 == 0 || row + 1 == height;
    const double at = top * (1 - static_cast<double>(row) / static_cast<double>(height - 1));
    std::string line = fmt::format("{:>8} |", labelled ? Short(at) : "");
    line += row_of(forecast.last_observed_rps()) == row ? 'o' : ' ';
    for (const Column& column : columns) {
      const bool inside = row >= row_of(column.upper) && row <= row_of(column.lower);
      const bool limit = row == row_of(column.upper) || row == row_of(column.lower);
      line += row == row_of(column.expected) ? '*' : limit ? '-' : inside ? '.' : ' ';
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  const int64_t length = forecast.step().seconds() * forecast.steps_size();
  text += fmt::format("{:>8} +{}\n{:>8}  now{:>{}}\n", "req/s", std::string(columns.size() + 1, '-'), "",
                      fmt::format("+{} s", length), columns.size() > 2 ? columns.size() - 2 : 1);
  return text + "  * expected   - prediction limits   o observed now\n";
}

std::string Describe(const v1::Forecast& forecast) {
  std::string text = Line("Forecast", forecast.name());
  text += Line("Made", Clock(forecast.make_time().seconds()) + " by model " +
                           std::to_string(forecast.model_version()));
  text += Line("State", v1::Forecast::State_Name(forecast.state()) +
                            (forecast.degraded_reason().empty() ? "" : ": " + forecast.degraded_reason()));
  text += Line("Limits", fmt::format("expected + {:.2f} sigma, - {:.2f} sigma, sigma {} req/s",
                                     forecast.k_upper(), forecast.k_lower(), Short(forecast.sigma_rps())));
  text += Line("Coverage", fmt::format("{:.1f} % of {} observations (wanted {:.1f} %), MASE {}",
                                       100 * forecast.coverage_so_far(), forecast.coverage_samples(),
                                       100 * forecast.coverage_target(), Short(forecast.mase())));
  return text + "\n" + PlotForecast(forecast, 72, 17);
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
  return text + (decision.arms_size() == 0 ? std::string() : ArmsText(decision.arms()));
}

}  // namespace shadowd::ctl
