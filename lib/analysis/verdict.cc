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
// How alpha is shared. "Holds" needs every KPI of the SLO, so a wrong one needs the violated KPI's own test
// to be wrong and each test may use the whole share; "fails" needs only one, so its tests divide theirs.
constexpr double kHoldsShare = 0.5;
constexpr double kFailsShare = 0.3, kFailsTests = 2;  // latency and errors
constexpr double kModelShare = 0.2, kModelTests = 3;  // p50, the SLO's quantile, CPU per request
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
  const double alpha = options_.alpha / static_cast<double>(arms_.size());
  const bool candidate = arms_[arm].role == ArmRole::kCandidate;
  KpiEvidence input{record, arms_[arm].predicted, options_.slo};
  input.alpha_holds = alpha * kHoldsShare;
  input.alpha_fails = alpha * kFailsShare / kFailsTests;
  input.alpha_model = alpha * kModelShare / kModelTests;
  input.latency_ratio = candidate ? normaliser.ratio : 1.0;
  for (size_t other = 0; other < arms_.size(); ++other) {
    if (arms_[other].load_rps >= arms_[arm].load_rps) {
      input.pooled_requests += static_cast<double>(records_[other].completed());
      input.pooled_errors += static_cast<double>(records_[other].errors());
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

// The samples' own verdict, or the joint curve's where they are not enough; returns the sentence.
std::string Engine::JudgeSlo(size_t arm, const Joint& joint, ArmVerdict& verdict) const {
  verdict.slo = CombineSlo(verdict.kpis, options_.slo);
  const auto of = [&](KpiKind kind) -> KpiDelta& {
    return *std::find_if(verdict.kpis.begin(), verdict.kpis.end(),
                         [&](const KpiDelta& delta) { return delta.kind == kind; });
  };
  KpiDelta& tail = of(SloKind(options_.slo));
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
