#include "columns.h"

#include <algorithm>

#include "names.h"

namespace shadowd::ctl {
namespace {

std::string Levels(const v1::Trial& trial) {
  std::string text;
  for (const v1::Arm& arm : trial.arms()) {
    text += fmt::format("{}{}{}", text.empty() ? "" : " ", arm.level(),
                        arm.role() == v1::Arm::NULL_ ? "(null)" : "");
  }
  return text;
}

std::string OrDash(const std::string& text) {
  return text.empty() ? "-" : text;
}

// Keeps a sentence on its line.
std::string Cut(const std::string& text, size_t width = 80) {
  return text.size() <= width ? OrDash(text) : text.substr(0, width - 3) + "...";
}

}  // namespace

template <>
Row HeaderOf<v1::Service>() {
  return {"NAME", "MODE", "VERSION", "ROLLOUT", "TARGET", "INSTANCES", "BOUNDS", "STATE", "AGE"};
}
Row RowOf(const v1::Service& service) {
  return {LastSegment(service.name()),
          v1::Service::Mode_Name(service.mode()),
          service.version(),
          OrDash(service.rollout_version()),
          std::to_string(service.target()),
          std::to_string(service.instances()),
          fmt::format("{}..{}", service.bounds().min(), service.bounds().max()),
          service.deleting() ? "DELETING" : "ACTIVE",
          Age(service.create_time().seconds())};
}

template <>
Row HeaderOf<v1::Instance>() {
  return {"NAME", "SERVICE", "STATE", "VERSION", "ADDRESS", "PID", "AGE", "ERROR"};
}
Row RowOf(const v1::Instance& instance) {
  return {LastSegment(instance.name()),
          ServiceOf(instance.name()),
          v1::Replica::State_Name(instance.state()),
          instance.version(),
          OrDash(instance.address()),
          std::to_string(instance.process().pid()),
          Age(instance.create_time().seconds()),
          Cut(instance.error())};
}

template <>
Row HeaderOf<v1::Forecast>() {
  return {"SERVICE", "STATE", "NOW", "NEXT", "LIMITS", "PEAK", "COVERAGE", "MASE", "MADE"};
}
Row RowOf(const v1::Forecast& forecast) {
  double peak = 0;
  for (const auto& step : forecast.steps()) {
    peak = std::max(peak, step.upper_rps());
  }
  const v1::Forecast::Step next = forecast.steps().empty() ? v1::Forecast::Step() : forecast.steps(0);
  return {ServiceOf(forecast.name()),
          v1::Forecast::State_Name(forecast.state()),
          Short(forecast.last_observed_rps()),
          Short(next.expected_rps()),
          Short(next.lower_rps()) + ".." + Short(next.upper_rps()),
          Short(peak),
          forecast.coverage_samples() > 0 ? fmt::format("{:.1f}%", 100 * forecast.coverage_so_far()) : "-",
          Short(forecast.mase()),
          Age(forecast.make_time().seconds())};
}

template <>
Row HeaderOf<v1::Trial>() {
  return {"NAME", "SERVICE", "STATE", "TRIGGER", "LEVELS", "REQUESTS", "COST", "AGE", "NOTE"};
}
Row RowOf(const v1::Trial& trial) {
  return {LastSegment(trial.name()),
          ServiceOf(trial.name()),
          v1::Trial::State_Name(trial.state()),
          v1::Trigger::Kind_Name(trial.trigger().kind()),
          OrDash(Levels(trial)),
          std::to_string(trial.mirrored_requests() + trial.synthetic_requests()),
          fmt::format("{:.4f}", trial.cost()),
          Age(trial.create_time().seconds()),
          Cut(trial.note())};
}

template <>
Row HeaderOf<v1::Shadow>() {
  return {"NAME", "SERVICE", "ARM", "STATE", "VERSION", "ADDRESS", "PID", "AGE", "ERROR"};
}
Row RowOf(const v1::Shadow& shadow) {
  return {LastSegment(shadow.name()),
          ServiceOf(shadow.name()),
          std::to_string(shadow.arm()),
          v1::Replica::State_Name(shadow.state()),
          shadow.version(),
          OrDash(shadow.address()),
          std::to_string(shadow.process().pid()),
          Age(shadow.create_time().seconds()),
          Cut(shadow.error())};
}

template <>
Row HeaderOf<v1::Decision>() {
  return {"NAME", "SERVICE", "TRIGGER", "KIND", "STATE", "OUTCOME", "FROM", "PLANNED", "TO", "AGE", "REASON"};
}
Row RowOf(const v1::Decision& decision) {
  return {LastSegment(decision.name()),
          ServiceOf(decision.name()),
          v1::Trigger::Kind_Name(decision.trigger().kind()),
          v1::Decision::Kind_Name(decision.kind()),
          v1::Decision::State_Name(decision.state()),
          decision.outcome() == v1::Decision::OUTCOME_UNSPECIFIED
              ? "-"
              : v1::Decision::Outcome_Name(decision.outcome()),
          std::to_string(decision.from()),
          std::to_string(decision.planned()),
          std::to_string(decision.to()),
          Age(decision.create_time().seconds()),
          Cut(decision.reason())};
}

template <>
Row HeaderOf<v1::Model>() {
  return {"NUMBER",      "SERVICE", "CAUSE", "TRIAL", "ERROR-BEFORE",
          "ERROR-AFTER", "POINTS",  "MASE",  "AGE",   "SUMMARY"};
}
Row RowOf(const v1::Model& model) {
  return {
      LastSegment(model.name()),
      ServiceOf(model.name()),
      v1::Model::Cause_Name(model.cause()),
      model.trial().empty() ? "-" : LastSegment(model.trial()),
      fmt::format("{:.1f}%", 100 * model.error_before()),
      fmt::format("{:.1f}%", 100 * model.error_after()),
      std::to_string(model.learnt().points_size()),
      model.learnt().forecasts_size() > 0 ? fmt::format("{:.2f}", model.learnt().forecasts(0).mase()) : "-",
      Age(model.create_time().seconds()),
      Cut(model.summary())};
}

template <>
Row HeaderOf<v1::Cost>() {
  return {"DECISION", "SERVICE", "SHADOW-SECONDS", "SHADOW-COST", "INSTANCE-COST",
          "AVOIDED",  "WORTH",   "CURRENCY",       "AGE",         "NOTE"};
}
Row RowOf(const v1::Cost& cost) {
  return {LastSegment(cost.name()),
          ServiceOf(cost.name()),
          fmt::format("{:.1f}", cost.shadow_seconds()),
          fmt::format("{:.4f}", cost.shadow_cost()),
          fmt::format("{:+.4f}", cost.instance_cost_changed()),
          fmt::format("{:.4f}", cost.violation_cost_avoided()),
          fmt::format("{:+.4f}", cost.worth()),
          cost.currency(),
          Age(cost.time().seconds()),
          Cut(cost.note())};
}

}  // namespace shadowd::ctl
