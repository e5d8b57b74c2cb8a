#include "lab/answer.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "ctl/table.h"
#include "lab/condition.h"

namespace shadowd::lab {
namespace {

using nlohmann::ordered_json;

std::string Figure(std::optional<double> value, const char* unit = "") {
  return value && std::isfinite(*value) ? fmt::format("{:.4g}{}", *value, unit) : std::string("-");
}

std::string Share(std::optional<double> value) {
  return value ? fmt::format("{:.1f} %", *value * 100) : std::string("-");
}

// Latencies, memory ...: < 0 says unknown.
ordered_json IntervalJson(const model::Interval& interval, double factor = 1) {
  if (interval.expected < 0) {
    return nullptr;
  }
  ordered_json json;
  json["expected"] = Number(interval.expected * factor);
  json["low"] = Number(interval.low * factor);
  json["high"] = Number(interval.high * factor);
  return json;
}

// CPU per request is measured; the cores of an instance follow from its load.
double CoresFactor(const model::KpiPrediction& prediction) {
  return prediction.load_rps * 1e-6;
}

std::string IntervalText(const model::Interval& interval, double factor) {
  if (interval.expected < 0) {
    return "-";
  }
  return fmt::format("{} ({} to {})", ctl::Short(interval.expected * factor),
                     ctl::Short(interval.low * factor), ctl::Short(interval.high * factor));
}

ordered_json SettlingJson(const std::optional<Settling>& settled) {
  if (!settled) {
    return nullptr;
  }
  return {{"samples", settled->samples}, {"seconds", settled->seconds}};
}

std::string SettlingText(const std::optional<Settling>& settled) {
  return settled ? fmt::format("settled after {} samples, {:.1f} s", settled->samples, settled->seconds)
                 : std::string("not settled");
}

}  // namespace

ordered_json Number(std::optional<double> value) {
  return value && std::isfinite(*value) ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json ToJson(const Evaluation& evaluation) {
  const forecast::Scores& scores = evaluation.scores;
  ordered_json json;
  json["series"] = evaluation.series;
  json["smape"] = Number(scores.smape);
  json["mase"] = Number(scores.mase);
  json["owa"] = Number(evaluation.owa);
  json["msis"] = Number(scores.msis);
  json["coverage"] = Number(scores.coverage);
  json["peak_coverage"] = Number(scores.peak_coverage);
  json["mean_upper_margin"] = Number(scores.mean_upper_margin);
  json["seconds_per_forecast"] = Number(evaluation.seconds_per_forecast);
  json["mean_relative_width"] = Number(scores.mean_relative_width);
  json["plan_peak_coverage"] = Number(evaluation.plan_peak_coverage);
  json["plan_peak_margin"] = Number(evaluation.plan_peak_margin);
  json["horizon"] = evaluation.horizon;
  json["origins"] = scores.origins;
  json["step_seconds"] = ToSeconds(evaluation.step);
  if (evaluation.held_out > 0) {
    json["held_out"] = evaluation.held_out;
  }
  if (evaluation.points > 0) {
    json["points"] = evaluation.points;
    json["gap_steps_scored"] = evaluation.gap_steps_scored;
    json["scale"] = Number(evaluation.scale);
  }
  return json;
}

std::string ToText(const Evaluation& evaluation) {
  const forecast::Scores& scores = evaluation.scores;
  std::string text = fmt::format("{} forecasts of {} steps of {} s\n", scores.origins, evaluation.horizon,
                                 ToSeconds(evaluation.step));
  if (evaluation.held_out > 0) {
    text += fmt::format("Scored on the last {} values of each series, which were held out.\n",
                        evaluation.held_out);
  }
  text += "\n";
  std::vector<ctl::Row> rows{
      {"sMAPE", Figure(scores.smape, " %"), "error of the expected demand"},
      {"MASE", Figure(scores.mase), "the same, 1 = what repeating the last season errs by"},
      {"MSIS", Figure(scores.msis), "width of the limits and price of demand outside, lower is better"},
      {"coverage", Share(scores.coverage), "of the steps lay within the limits"},
      {"peak coverage", Share(scores.peak_coverage), "of the peaks stayed below the upper limit"},
      {"upper margin", Share(scores.mean_upper_margin), "of the upper limit above the peak, mean"},
      {"plan coverage", Share(evaluation.plan_peak_coverage),
       "of the peaks stayed below the limit that plans are made with"},
      {"plan margin", Share(evaluation.plan_peak_margin), "of that limit above the peak, mean"},
      {"CPU", fmt::format("{:.2g} s", evaluation.seconds_per_forecast), "a forecast, with its fits"}};
  if (evaluation.owa) {
    rows.insert(rows.begin() + 2, {"OWA", Figure(evaluation.owa), "against Naive2 on M4's hourly series"});
  }
  return text + ctl::Table({"SCORE", "VALUE", ""}, rows);
}

ordered_json ToJson(const CapacityAnswer& answer, const CapacityQuestion& question) {
  ordered_json json;
  json["max_load_rps"] = Number(answer.max_load_rps);
  json["level"] = answer.level > 0 ? ordered_json(answer.level) : ordered_json(nullptr);
  json["predictions"] = ordered_json::array();
  for (const model::KpiPrediction& prediction : answer.predictions) {
    ordered_json one;
    one["load_rps"] = prediction.load_rps;
    one["p50_us"] = IntervalJson(prediction.p50_us);
    one["p95_us"] = IntervalJson(prediction.p95_us);
    one["p99_us"] = IntervalJson(prediction.p99_us);
    one["cpu_cores"] = IntervalJson(prediction.cpu_us_per_request, CoresFactor(prediction));
    one["error_rate"] = IntervalJson(prediction.error_rate);
    one["extrapolated"] = prediction.extrapolated;
    json["predictions"].push_back(std::move(one));
  }
  json["max_load_expected_rps"] = Number(answer.max_load_expected_rps);
  json["confidence"] = question.confidence;
  json["summary"] = answer.summary;
  return json;
}

std::string ToText(const CapacityAnswer& answer, const CapacityQuestion& question) {
  std::string text = answer.summary + "\n";
  if (answer.max_load_rps > 0) {
    text += fmt::format("max load {:.1f} req/s per instance with {:.0f} % confidence, {:.1f} expected\n",
                        answer.max_load_rps, question.confidence * 100, answer.max_load_expected_rps);
    text += fmt::format("{} replicas for {} req/s\n", answer.level, ctl::Short(question.demand_rps));
  }
  std::vector<ctl::Row> rows;
  for (const model::KpiPrediction& prediction : answer.predictions) {
    rows.push_back({ctl::Short(prediction.load_rps), IntervalText(prediction.p50_us, 1e-3),
                    IntervalText(prediction.p95_us, 1e-3), IntervalText(prediction.p99_us, 1e-3),
                    IntervalText(prediction.cpu_us_per_request, CoresFactor(prediction)),
                    prediction.extrapolated ? "outside the points" : ""});
  }
  return rows.empty()
             ? text
             : text + "\n" + ctl::Table({"LOAD REQ/S", "P50 MS", "P95 MS", "P99 MS", "CORES", ""}, rows);
}

ordered_json ToJson(const Analysis& analysis, bool with_limit) {
  const model::ArmVerdict& verdict = analysis.verdict;
  ordered_json json;
  json["model"] = model::ModelAxisName(verdict.model);
  if (with_limit) {
    json["slo"] = model::SloAxisName(verdict.slo);
  }
  json["cause"] = model::CauseName(verdict.cause);
  json["reason"] = verdict.reason;
  json["samples_used"] = analysis.samples_used;
  json["seconds_used"] = analysis.seconds_used;
  json["kpis"] = ordered_json::array();
  for (const model::KpiDelta& kpi : verdict.kpis) {
    const bool measured = std::isfinite(kpi.high) || kpi.measured > 0;
    if (!measured && kpi.predicted <= 0) {
      continue;  // nobody said or saw anything of it
    }
    ordered_json one;
    one["name"] = model::KpiName(kpi.kind);
    one["predicted"] = kpi.predicted > 0 || kpi.kind == model::KpiKind::kErrorRate ? Number(kpi.predicted)
                                                                                   : ordered_json(nullptr);
    one["measured"] = Number(kpi.measured);
    one["low"] = Number(kpi.low);
    one["high"] = Number(kpi.high);
    one["model"] = model::ModelAxisName(kpi.model);
    one["slo"] = model::SloAxisName(kpi.slo);
    json["kpis"].push_back(std::move(one));
  }
  json["model_settled"] = SettlingJson(analysis.model_settled);
  if (with_limit) {
    json["slo_settled"] = SettlingJson(analysis.slo_settled);
  }
  return json;
}

std::string ToText(const Analysis& analysis, bool with_limit) {
  const model::ArmVerdict& verdict = analysis.verdict;
  std::string text = fmt::format("model {}: {}\n", model::ModelAxisName(verdict.model),
                                 SettlingText(analysis.model_settled));
  if (with_limit) {
    text += fmt::format("slo {}: {}\n", model::SloAxisName(verdict.slo), SettlingText(analysis.slo_settled));
  }
  text += fmt::format("cause {}\n{}\n{} samples over {:.1f} s used\n\n", model::CauseName(verdict.cause),
                      verdict.reason, analysis.samples_used, analysis.seconds_used);
  std::vector<ctl::Row> rows;
  for (const model::KpiDelta& kpi : verdict.kpis) {
    if (kpi.predicted > 0 || kpi.measured > 0) {
      rows.push_back({model::KpiName(kpi.kind),
                      Figure(kpi.predicted > 0 ? std::optional(kpi.predicted) : std::nullopt),
                      Figure(kpi.measured), Figure(kpi.low), Figure(kpi.high),
                      model::ModelAxisName(kpi.model), with_limit ? model::SloAxisName(kpi.slo) : ""});
    }
  }
  return text +
         ctl::Table({"KPI", "PREDICTED", "MEASURED", "LOW", "HIGH", "MODEL", with_limit ? "SLO" : ""}, rows);
}

}  // namespace shadowd::lab
