// The verdict of one arm: its KPIs' tests, the share of alpha each may use, and the sentence.
#include <fmt/format.h>

#include <algorithm>

#include "analysis/engine.h"
#include "analysis/kpi_judge.h"
#include "analysis/limits.h"

namespace shadowd::analysis {
namespace {

using model::ArmRole;
using model::ArmVerdict;
using model::Cause;
using model::KpiDelta;
using model::KpiKind;
using model::ModelAxis;
using model::SloAxis;

constexpr int kVoidWindowsMin = 4;  // before a share of void windows means anything
// How an arm shares its alpha: half for either axis. On one axis only one of two statements can be wrong, so
// each has all of it: where the truth is that the SLO holds, HOLDS is no error. HOLDS and ACCURATE need every
// KPI, so a wrong one needs the test of the violated KPI itself to be wrong, whose share need not be divided;
// FAILS and OFF need only one, so their tests divide it.
constexpr double kAxes = 2;
constexpr double kFailsTests = 2;  // latency and errors; throughput is counted, not estimated
constexpr double kCurveSure = 0.95;

std::string SloSentence(const KpiDelta& tail, const model::Slo& slo, SloAxis axis, uint64_t requests) {
  const char* verb = axis == SloAxis::kHolds   ? "holds"
                     : axis == SloAxis::kFails ? "fails"
                                               : "neither surely holds nor surely fails";
  return fmt::format("{} the SLO: p{:.0f} {} ({} to {}) against {} after {} requests", verb,
                     slo.latency_quantile * 100, Milliseconds(tail.measured), Milliseconds(tail.low),
                     Milliseconds(tail.high), Milliseconds(static_cast<double>(slo.latency_limit.count())),
                     requests);
}

std::string ModelSentence(const std::vector<KpiDelta>& kpis, ModelAxis axis) {
  if (axis == ModelAxis::kAccurate) {
    return "as predicted";
  }
  if (axis == ModelAxis::kUnknown) {
    return "too little to judge the prediction";
  }
  std::string list;
  for (const KpiDelta& delta : kpis) {
    if (delta.model == ModelAxis::kOff) {
      list += fmt::format("{}{} {:+.0f} %", list.empty() ? "" : ", ", model::KpiName(delta.kind),
                          delta.delta * 100);
    }
  }
  return "off the prediction: " + list;
}

ErrorShares Share(double alpha, const model::KpiPrediction& predicted, const model::Slo& slo) {
  double tests = 0;
  for (const KpiKind kind : {KpiKind::kLatencyP50, KpiKind::kLatencyP95, KpiKind::kLatencyP99,
                             KpiKind::kErrorRate, KpiKind::kCpuPerRequest}) {
    const bool may_say_off = kind != KpiKind::kLatencyP95 && kind != KpiKind::kLatencyP99;
    const double expected = predicted.Of(kind).expected;
    const bool judged = kind == KpiKind::kErrorRate ? expected >= 0 : expected > 0;
    tests += judged && (may_say_off || kind == model::SloKind(slo)) ? 1 : 0;
  }
  const double axis = alpha / kAxes;
  return {axis, axis / kFailsTests, axis, axis / std::max(tests, 1.0)};
}

}  // namespace

ArmVerdict Engine::VerdictOf(size_t arm, const Joint& joint, bool at_deadline) const {
  ArmVerdict verdict = Measured(arm, joint, at_deadline);
  if (abandoned_[arm].empty() || verdict.slo == SloAxis::kFails) {
    return verdict;
  }
  verdict.model = ModelAxis::kUnknown;
  verdict.slo = SloAxis::kUnknown;
  verdict.cause = Cause::kNone;
  for (KpiDelta& delta : verdict.kpis) {
    delta.model = ModelAxis::kUnknown;
    delta.slo = SloAxis::kUnknown;
  }
  verdict.reason = verdict.requests == 0 ? abandoned_[arm]
                                         : fmt::format("it ended after {} requests, before it was judged: {}",
                                                       verdict.requests, abandoned_[arm]);
  return verdict;
}

ArmVerdict Engine::Measured(size_t arm, const Joint& joint, bool at_deadline) const {
  if (arms_[arm].cached) {
    return arms_[arm].verdict;
  }
  const ArmRecord& record = records_[arm];
  const Normaliser& normaliser = joint.normaliser;
  const bool candidate = arms_[arm].role == ArmRole::kCandidate;
  static const Normaliser kAsMeasured;
  KpiEvidence input{record, arms_[arm].predicted, options_.slo,
                    Share(AlphaOfArm(), arms_[arm].predicted, options_.slo),
                    candidate ? normaliser : kAsMeasured};
  for (size_t other = 0; other < arms_.size(); ++other) {
    if (arms_[other].load_rps >= arms_[arm].load_rps) {
      const double effect = records_[other].ErrorDesignEffect();
      input.pooled_requests += static_cast<double>(records_[other].completed()) / effect;
      input.pooled_errors += static_cast<double>(records_[other].errors()) / effect;
    }
  }
  ArmVerdict verdict;
  verdict.requests = record.completed();
  verdict.windows = record.windows();
  verdict.windows_void = record.windows_void();
  for (const KpiKind kind : model::kAllKpis) {
    const auto own = options_.tolerances.find(model::KpiName(kind));
    verdict.kpis.push_back(
        JudgeKpi(input, kind, own != options_.tolerances.end() ? own->second : options_.tolerance));
  }
  if (record.windows() == 0 && record.windows_void() == 0) {
    verdict.reason = at_deadline ? "nothing was measured before the deadline" : "nothing measured yet";
    return verdict;
  }
  if (record.windows() + record.windows_void() >= kVoidWindowsMin &&
      record.VoidShare() > options_.void_share_max) {
    verdict.reason = "the machine is too busy to measure honestly: " + record.VoidSummary();
    return verdict;
  }
  if (candidate && normaliser.refused) {
    verdict.reason = normaliser.note;
    return verdict;
  }
  const std::string slo_sentence = JudgeSlo(arm, joint, verdict);
  verdict.model = CombineModel(verdict.kpis, arms_[arm].predicted, options_.slo);
  verdict.cause = verdict.slo == SloAxis::kFails     ? Cause::kInsufficient
                  : verdict.model == ModelAxis::kOff ? Cause::kModelInaccurate
                                                     : Cause::kNone;
  verdict.reason = slo_sentence + "; " + ModelSentence(verdict.kpis, verdict.model);
  for (const std::string& note : {record.VoidSummary(), candidate ? normaliser.note : std::string()}) {
    verdict.reason += note.empty() ? "" : "; " + note;
  }
  return verdict;
}

// Arms that were measured before say nothing anew.
double Engine::AlphaOfArm() const {
  const auto cached =
      std::count_if(arms_.begin(), arms_.end(), [](const model::Arm& arm) { return arm.cached; });
  const double arms = static_cast<double>(arms_.size()) - static_cast<double>(cached);
  return options_.alpha / (std::max(arms, 1.0) * std::max(options_.rounds, 1));
}

// The samples' own verdict, or the joint curve's where they are not enough; returns the sentence.
std::string Engine::JudgeSlo(size_t arm, const Joint& joint, ArmVerdict& verdict) const {
  verdict.slo = CombineSlo(verdict.kpis, options_.slo);
  const auto of = [&](KpiKind kind) -> KpiDelta& {
    return *std::find_if(verdict.kpis.begin(), verdict.kpis.end(),
                         [&](const KpiDelta& delta) { return delta.kind == kind; });
  };
  KpiDelta& tail = of(model::SloKind(options_.slo));
  const bool measured = records_[arm].windows() >= kCurveWindowsMin;
  std::string by_curve;
  if (verdict.slo == SloAxis::kUnknown && tail.slo == SloAxis::kUnknown && joint.enough && measured) {
    const double holds = joint.curve.ProbabilityHolds(arms_[arm].load_rps, options_.slo);
    const double limit = static_cast<double>(options_.slo.latency_limit.count());
    if (holds >= kCurveSure && tail.measured <= limit) {
      tail.slo = SloAxis::kHolds;
    } else if (holds <= 1 - kCurveSure && tail.measured > limit) {
      tail.slo = SloAxis::kFails;
    }
    verdict.slo = CombineSlo(verdict.kpis, options_.slo);
    by_curve = fmt::format(", {:.0f} % by the curve through all arms", holds * 100);
  }
  return SloSentence(tail, options_.slo, verdict.slo, verdict.requests) + by_curve;
}

}  // namespace shadowd::analysis
