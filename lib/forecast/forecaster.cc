#include "forecast/forecaster.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "forecast/gaps.h"

namespace shadowd::forecast {
namespace {

constexpr size_t kFewestToFit = 24;
constexpr int kSettleSteps = 8;  // between a change and the fit it asks for
constexpr Micros kKept = std::chrono::days(14);

size_t CapacityFor(const Options& options) {
  const int season =
      options.seasons.empty() ? 0 : *std::max_element(options.seasons.begin(), options.seasons.end());
  const auto two_weeks = std::clamp<int64_t>(kKept / options.step, 2048, 8192);
  return static_cast<size_t>(std::max<int64_t>(two_weeks, 2 * int64_t{season} + 4 * options.horizon_steps));
}

int64_t LongestGap(const Options& options) {
  int64_t gap = std::max<int64_t>(64, 4 * int64_t{options.horizon_steps});
  for (const int season : options.seasons) {
    gap = std::max<int64_t>(gap, season);
  }
  return gap;
}

Options Sane(Options options) {
  options.step = std::max(options.step, Micros(1));
  options.horizon_steps = std::clamp(options.horizon_steps, 1, 4096);
  options.coverage = std::clamp(options.coverage, 0.5, 0.999);
  std::sort(options.seasons.begin(), options.seasons.end());
  return options;
}

int64_t LabelOf(WallTime at, Micros step) {
  return ToMicros(at) / step.count();
}

bool Valid(double rps) {
  return std::isfinite(rps) && rps >= 0;
}

}  // namespace

Forecaster::Forecaster(model::ServiceId service, Options options)
    : service_(std::move(service)),
      options_(Sane(std::move(options))),
      series_(options_.step, CapacityFor(options_), series::Reduce::kMean, LongestGap(options_)),
      peaks_(options_.horizon_steps) {}

void Forecaster::Import(std::span<const std::pair<WallTime, double>> demand_rps) {
  series::TimeSeries reduced(options_.step, series_.capacity(), series::Reduce::kMean, LongestGap(options_));
  for (const auto& [at, rps] : demand_rps) {
    if (Valid(rps)) {
      reduced.Add(at, rps);
    }
  }
  if (reduced.empty()) {
    return;
  }
  std::map<WallTime, double> merged;
  for (const series::TimeSeries* part : {&series_, &reduced}) {  // the first to name a step keeps it
    for (size_t i = 0; i < part->size(); ++i) {
      if (!std::isnan((*part)[i])) {
        merged.emplace(part->StartOf(i), (*part)[i]);
      }
    }
  }
  const bool had = !series_.empty();
  const WallTime before = had ? series_.last() : WallTime();
  series_.Clear();
  for (const auto& [at, rps] : merged) {
    series_.Add(at, rps);
  }
  step_of_last_ = had ? step_of_last_ + std::max<int64_t>(0, (series_.last() - before) / options_.step)
                      : LabelOf(series_.last(), options_.step);
  since_fit_ += static_cast<int>(std::min<size_t>(demand_rps.size(), series_.capacity()));
  if (fitted()) {
    std::vector<double> work = All();
    Project({}, work);
  }
}

void Forecaster::Observe(WallTime at, double rps, std::span<const double> coarse_rps) {
  const bool had = !series_.empty();
  const WallTime before = had ? series_.last() : WallTime();
  if (!Valid(rps) || (had && at >= before && at < before + options_.step)) {
    return;
  }
  const series::AddResult result = series_.Add(at, rps);
  if (result != series::AddResult::kNewStep && result != series::AddResult::kRebased) {
    return;
  }
  const bool next = result == series::AddResult::kRebased || !had;
  const int64_t missing = next ? 0 : (series_.last() - before) / options_.step - 1;
  if (had && series_.size() == 1) {  // everything before is out of reach
    Reset();
  } else if (missing > 0) {
    FillGap(missing);
  }
  step_of_last_ = had ? step_of_last_ + 1 : LabelOf(series_.last(), options_.step);
  ++since_fit_;
  ++since_gap_;
  largest_ = std::max(largest_, rps);
  if (fitted()) {
    std::vector<double> work = Work();
    Score(work);
    combination_.Update(work, step_of_last_, limits_.sigma(),
                        change_.active() ? Memory::kShort : Memory::kLong);
    Project(coarse_rps, work);
  }
}

// The forecast of the step behind a gap is made from what the gap is filled with; nothing is learnt from it.
void Forecaster::FillGap(int64_t steps) {
  gap_ = static_cast<int>(steps);
  since_gap_ = 0;
  step_of_last_ += steps;
  if (fitted()) {
    std::vector<double> work = Work();
    work.pop_back();  // what came behind it
    Project({}, work);
  }
}

std::vector<double> Forecaster::Work() const {
  const auto horizon = static_cast<size_t>(options_.horizon_steps);
  const size_t seen = std::max(static_cast<size_t>(combination_.MaxLag()), 8 * horizon) + 1;
  std::vector<float> demand = series_.Newest(seen);
  if (std::any_of(demand.begin(), demand.end(), [](float v) { return std::isnan(v); })) {
    demand = series_.Newest(series_.size());  // a gap is filled by what lies a season before it
  }
  return Filled(demand, transform_, combination_.LongestSeason(), horizon);
}

// `work` ends with the truth of the step that path_ begins with.
void Forecaster::Score(std::span<const double> work) {
  const double expected = path_[0], truth = work.back();
  const bool held = truth <= expected + up_[0] && truth >= expected - down_[0];
  const Limits::Outcome outcome = limits_.Observe(step_of_last_, expected, truth);
  change_.Observe(step_of_last_, outcome.error, !outcome.held);
  blend_.Observe(step_of_last_, truth);
  const auto season = static_cast<size_t>(combination_.LongestSeason());
  if (work.size() > season) {
    accuracy_.Observe(transform_.Backward(truth), transform_.Backward(expected),
                      transform_.Backward(work[work.size() - 1 - season]), held);
  }
}

// The forecast after the last step.
void Forecaster::Project(std::span<const double> coarse_rps, std::vector<double>& work) {
  combination_.Path(work, step_of_last_, options_.horizon_steps, path_);
  std::vector<double> coarse(coarse_rps.begin(), coarse_rps.end());
  for (double& value : coarse) {
    value = transform_.Forward(value);
  }
  if (!coarse.empty() && !blends_) {
    blends_ = true;
    blend_ = Blend(options_.horizon_steps);
  }
  blend_.Mix(step_of_last_, coarse, path_);
  limits_.Remember(step_of_last_, path_);
  peaks_.Remember(step_of_last_, limits_.sigma(), path_);
  limits_.Margins(step_of_last_, path_, change_.Widening(), up_, down_);
}

std::vector<double> Forecaster::All() {
  const std::vector<float> demand = series_.Newest(series_.size());
  largest_ = 0;
  for (const float rps : demand) {
    largest_ = std::isnan(rps) ? largest_ : std::max(largest_, static_cast<double>(rps));
  }
  return Filled(demand, transform_, combination_.LongestSeason(),
                static_cast<size_t>(options_.horizon_steps));
}

void Forecaster::Reset() {
  combination_ = {};
  blend_ = {};
  blends_ = false;
  peaks_.Forget();
  change_ = {};
  accuracy_ = {};
  tried_ = false;
}

bool Forecaster::WantsFit() const {
  const size_t known = observations();
  if (known < kFewestToFit) {
    return false;
  }
  if (!tried_ || asked_ || (change_.wants_fit() && since_fit_ >= kSettleSteps)) {
    return true;
  }
  return since_fit_ >= std::clamp(static_cast<int>(known / 8), 12, 288);
}

std::shared_ptr<const FitInput> Forecaster::CopyForFit() const {
  auto input = std::make_shared<FitInput>();
  input->service = service_;
  input->options = options_;
  input->version = version_ + 1;
  input->changed_step = change_.began();
  input->first_step = step_of_last_ - static_cast<int64_t>(series_.size()) + 1;
  input->demand_rps = series_.Newest(series_.size());
  if (revert_to_ != nullptr) {
    input->kept = *revert_to_;
  }
  return input;
}

void Forecaster::Adopt(const Fit& fit) {
  const int64_t newer = step_of_last_ - fit.last_step;
  if (fit.service != service_ || newer < 0 || newer >= static_cast<int64_t>(series_.size())) {
    return;
  }
  tried_ = true;
  asked_ = false;
  revert_to_.reset();
  since_fit_ = static_cast<int>(newer);
  fit_reason_ = fit.reason;
  if (!fit.usable) {
    return;
  }
  // Paths of the past are in the old scale, and so are their errors.
  const bool first = !fitted() || transform_.log != fit.transform.log;
  transform_ = fit.transform;
  combination_ = Combination(fit.linear, fit.smoothing, fit.seasons, fit.weights);
  version_ = fit.version;
  mase_ = fit.mase;
  change_.Settle();
  std::vector<double> work = All();
  const size_t seen = work.size() - static_cast<size_t>(newer);
  for (size_t i = 0; i < seen; ++i) {
    combination_.Widen(work[i]);
  }
  for (size_t n = seen + 1; n <= work.size(); ++n) {
    const int64_t step = step_of_last_ - static_cast<int64_t>(work.size() - n);
    combination_.Update(std::span(work).first(n), step, fit.sigma);
  }
  if (first) {
    limits_ = Limits(options_.horizon_steps, options_.coverage, fit.limits);
    peaks_.Forget();
    blend_ = {};
    blends_ = false;
  } else {
    limits_.Adopt(fit.limits);
  }
  peaks_.Adopt(fit.origins);
  Project({}, work);
}

std::string Forecaster::DegradedReason() const {
  if (!fitted()) {
    return fit_reason_.empty() ? fmt::format("no model yet; {} steps of demand known", observations())
                               : fit_reason_;
  }
  if (!fit_reason_.empty()) {
    return fit_reason_;
  }
  if (change_.active()) {
    return "demand has changed; limits are widened until models have learnt it";
  }
  if (gap_ > options_.horizon_steps / 4 && since_gap_ < gap_ && since_gap_ < options_.horizon_steps) {
    return fmt::format("{} steps of demand are missing", gap_);
  }
  return "";
}

}  // namespace shadowd::forecast
