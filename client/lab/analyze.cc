#include "lab/analyze.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "analysis/engine.h"
#include "input/csv_reader.h"

namespace shadowd::lab {
namespace {

using model::KpiPrediction;
using model::ModelAxis;
using model::SloAxis;

constexpr int64_t kWindowUs = 1'000'000;
constexpr size_t kWindowSamples = 200;  // fast streams are looked at more often than each second
constexpr int64_t kLongestPause = 10;   // windows without a sample that are fed as such
constexpr size_t kEarlyLooks = 200;     // afterwards the looks thin out, at most 1 % of the samples late
constexpr double kLatencyMaxUs = 3600e6;
constexpr double kUnboundedUs = 1e15;

StatusOr<model::Interval> ReadValue(const nlohmann::json& object, const char* key, double most,
                                    std::string_view file) {
  if (!object.contains(key)) {
    return model::Interval{-1, -1, -1};
  }
  const nlohmann::json& value = object[key];
  const double number = value.is_number() ? value.get<double>() : -1;
  if (!(number >= 0 && number <= most)) {
    return InvalidArgument("{}: {}: expected a number between 0 and {:.0f}", file, key, most);
  }
  return model::Interval{number, number, number};
}

// Requests of one file, cut into windows.
class Windows {
 public:
  explicit Windows(const std::vector<RequestSample>& samples) : samples_(samples) {}

  bool Done() const { return next_ >= samples_.size(); }
  size_t used() const { return next_; }
  double seconds() const { return static_cast<double>(until_) * 1e-6; }

  // The next window: a second, or fewer where many samples come.
  model::KpiWindow Take() {
    model::KpiWindow window;
    if (next_ < samples_.size() && At(next_) - until_ > kLongestPause * kWindowUs) {
      until_ = At(next_);  // a pause of the recording shows nothing
    }
    const int64_t from = until_;
    int64_t to = from + kWindowUs;
    window.start = WallFromMicros(from);
    while (next_ < samples_.size() && At(next_) < to && window.latency_us.size() < kWindowSamples) {
      window.latency_us.push_back(samples_[next_].latency_us);
      window.errors += samples_[next_].ok ? 0 : 1;
      ++next_;
    }
    if (window.latency_us.size() == kWindowSamples) {
      to = std::clamp(next_ < samples_.size() ? At(next_) : At(next_ - 1) + 1, from + 1, to);
    } else if (next_ >= samples_.size() && next_ > 0) {
      to = std::clamp(At(next_ - 1) + 1, from + 1, to);
    }
    until_ = to;
    window.length = Micros(to - from);
    window.offered = window.latency_us.size();
    window.completed = window.latency_us.size();
    window.cpu_seconds = -1;
    window.memory_bytes = -1;
    return window;
  }

 private:
  int64_t At(size_t i) const { return samples_[i].time_us - samples_[0].time_us; }

  const std::vector<RequestSample>& samples_;
  size_t next_ = 0;
  int64_t until_ = 0;
};

}  // namespace

StatusOr<KpiPrediction> ParsePrediction(std::string_view json, std::string_view file) {
  const auto parsed = nlohmann::json::parse(json, nullptr, false);
  if (parsed.is_discarded() || !parsed.is_object()) {
    return InvalidArgument("{}: not a JSON object", file);
  }
  if (!parsed.contains("latency_us") || !parsed["latency_us"].is_object()) {
    return InvalidArgument("{}: latency_us: expected an object with p50, p95 or p99", file);
  }
  const nlohmann::json& latency = parsed["latency_us"];
  KpiPrediction prediction;
  prediction.known = true;
  SHADOWD_ASSIGN_OR_RETURN(prediction.p50_us, ReadValue(latency, "p50", kLatencyMaxUs, file));
  SHADOWD_ASSIGN_OR_RETURN(prediction.p95_us, ReadValue(latency, "p95", kLatencyMaxUs, file));
  SHADOWD_ASSIGN_OR_RETURN(prediction.p99_us, ReadValue(latency, "p99", kLatencyMaxUs, file));
  SHADOWD_ASSIGN_OR_RETURN(prediction.error_rate, ReadValue(parsed, "error_rate", 1, file));
  double below = 0;
  for (const model::Interval* quantile : {&prediction.p50_us, &prediction.p95_us, &prediction.p99_us}) {
    if (quantile->expected >= 0 && (quantile->expected < below || quantile->expected == 0)) {
      return InvalidArgument("{}: latency_us: quantiles are above 0 and do not fall from p50 to p99", file);
    }
    below = std::max(below, quantile->expected);
  }
  if (below <= 0) {
    return InvalidArgument("{}: latency_us: none of p50, p95 and p99 is given", file);
  }
  prediction.throughput_ratio = {1, 1, 1};
  prediction.cpu_us_per_request = {-1, -1, -1};
  prediction.memory_bytes = {-1, -1, -1};
  return prediction;
}

StatusOr<std::vector<RequestSample>> ParseRequests(std::string_view text, std::string_view file) {
  SHADOWD_ASSIGN_OR_RETURN(input::CsvReader rows, input::CsvReader::Open(text, file));
  SHADOWD_ASSIGN_OR_RETURN(const size_t time, rows.Column("time_us"));
  SHADOWD_ASSIGN_OR_RETURN(const size_t latency, rows.Column("latency_us"));
  SHADOWD_ASSIGN_OR_RETURN(const size_t ok, rows.Column("ok"));
  std::vector<RequestSample> samples;
  while (true) {
    SHADOWD_ASSIGN_OR_RETURN(const bool more, rows.Next());
    if (!more) {
      break;
    }
    SHADOWD_ASSIGN_OR_RETURN(const double at, rows.NotNegative(time));
    SHADOWD_ASSIGN_OR_RETURN(const double took, rows.NotNegative(latency));
    if (at > 9e18 || took > kLatencyMaxUs) {
      return rows.Error(at > 9e18 ? time : latency, "too large; microseconds are expected");
    }
    const auto time_us = static_cast<int64_t>(at);
    if (!samples.empty() && time_us < samples.back().time_us) {
      return rows.Error(time, "it lies before the row above; samples stand in order");
    }
    const std::string_view answered = rows.Cell(ok);
    const bool good = answered == "1" || answered == "true";
    if (!good && answered != "0" && answered != "false") {
      return rows.Error(ok, fmt::format("'{}', expected 1 or 0", input::Shown(answered)));
    }
    samples.push_back({time_us, static_cast<uint32_t>(std::llround(took)), good});
  }
  if (samples.empty()) {
    return InvalidArgument("{}: no rows", file);
  }
  return samples;
}

namespace {

model::Slo SloOf(const AnalyzeInput& input) {
  if (input.limit) {
    return *input.limit;
  }
  model::Slo slo;  // no limit: only which tail the prediction is judged by
  slo.latency_quantile =
      input.predicted.p95_us.expected > 0 ? 0.95 : (input.predicted.p99_us.expected > 0 ? 0.99 : 0.5);
  slo.latency_limit = Micros(static_cast<int64_t>(kUnboundedUs));
  return slo;
}

std::string ModelReason(const model::ArmVerdict& verdict) {
  std::string reason;
  for (const model::KpiDelta& kpi : verdict.kpis) {
    if (kpi.model != ModelAxis::kUnknown || (kpi.predicted > 0 && kpi.measured > 0)) {
      reason +=
          fmt::format("{}{} {:.6g} against {:.6g} predicted: {}", reason.empty() ? "" : "; ",
                      model::KpiName(kpi.kind), kpi.measured, kpi.predicted, model::ModelAxisName(kpi.model));
    }
  }
  return reason.empty() ? verdict.reason : reason;
}

// Without a limit the SLO axis was asked about nothing.
model::ArmVerdict WithoutSlo(model::ArmVerdict verdict) {
  verdict.slo = SloAxis::kUnknown;
  for (model::KpiDelta& kpi : verdict.kpis) {
    kpi.slo = SloAxis::kUnknown;
  }
  verdict.cause = verdict.model == ModelAxis::kOff ? model::Cause::kModelInaccurate : model::Cause::kNone;
  verdict.reason = ModelReason(verdict);
  return verdict;
}

class Replay {
 public:
  explicit Replay(const AnalyzeInput& input)
      : input_(input),
        engine_(OptionsOf(input), ArmsOf(input)),
        shadow_(input.samples),
        null_(input.null),
        production_(input.production) {}

  Analysis Run() {
    size_t looked_at = 0, looks = 0;
    while (!shadow_.Done()) {
      FeedWindow();
      const bool due = looks < kEarlyLooks || shadow_.used() * 100 >= looked_at * 101;
      if (!due && !shadow_.Done()) {
        continue;
      }
      ++looks;
      looked_at = shadow_.used();
      if (Look(false)) {
        break;
      }
    }
    if (!Settled()) {
      Look(true);
    }
    analysis_.samples_used = shadow_.used();
    analysis_.seconds_used = shadow_.seconds();
    return std::move(analysis_);
  }

 private:
  static analysis::EngineOptions OptionsOf(const AnalyzeInput& input) {
    analysis::EngineOptions options;
    options.slo = SloOf(input);
    options.alpha = input.alpha;
    options.tolerance = input.tolerance;
    options.warm_up = input.warm_up;
    return options;
  }
  static std::vector<model::Arm> ArmsOf(const AnalyzeInput& input) {
    std::vector<model::Arm> arms(1);
    arms[0].level = 1;
    arms[0].predicted = input.predicted;
    arms[0].load_rps = 1;  // above the null arm's, whose errors say nothing about this one
    if (!input.null.empty()) {
      arms.emplace_back();
      arms[1].level = 2;
      arms[1].role = model::ArmRole::kNull;
    }
    return arms;
  }

  // Files have clocks of their own, so each counts from its first sample.
  void FeedWindow() {
    engine_.AddShadowWindow(0, shadow_.Take());
    while (!null_.Done() && null_.seconds() < shadow_.seconds()) {
      engine_.AddShadowWindow(1, null_.Take());
    }
    while (!production_.Done() && production_.seconds() < shadow_.seconds()) {
      engine_.AddProductionWindow(production_.Take());
    }
  }

  bool Settled() const { return analysis_.model_settled && (!input_.limit || analysis_.slo_settled); }

  bool Look(bool last) {
    model::ArmVerdict verdict = engine_.Verdicts(last)[0];
    analysis_.verdict = input_.limit ? std::move(verdict) : WithoutSlo(std::move(verdict));
    const Settling now{shadow_.used(), shadow_.seconds()};
    Note(analysis_.verdict.model != ModelAxis::kUnknown, now, analysis_.model_settled);
    Note(analysis_.verdict.slo != SloAxis::kUnknown, now, analysis_.slo_settled);
    return Settled();
  }
  static void Note(bool settled, const Settling& now, std::optional<Settling>& since) {
    if (!settled) {
      since.reset();
    } else if (!since) {
      since = now;
    }
  }

  const AnalyzeInput& input_;
  analysis::Engine engine_;
  Windows shadow_, null_, production_;
  Analysis analysis_;
};

}  // namespace

Analysis Analyze(const AnalyzeInput& input) {
  return Replay(input).Run();
}

}  // namespace shadowd::lab
