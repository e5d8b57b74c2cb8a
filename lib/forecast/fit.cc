#include "forecast/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "forecast/candidates.h"
#include "forecast/gaps.h"
#include "forecast/kept_fit.h"
#include "forecast/members.h"
#include "forecast/rolling.h"
#include "forecast/season.h"
#include "forecast/start_limits.h"

namespace shadowd::forecast {
namespace {

constexpr size_t kFewest = 24;        // steps
constexpr double kOptimism = 1.10;    // of sigmas that come from the origins on which members were chosen
constexpr double kOfAllBlocks = 0.3;  // share of the error over all blocks in that of one

double MaseOf(const Rolling& rolling, const Transform& transform, int season,
              const std::vector<std::vector<double>>& paths) {
  double naive = 0;
  double naive_count = 0;
  for (auto t = static_cast<size_t>(season); t < rolling.train; ++t) {
    naive += std::abs(transform.Backward(rolling.z[t]) -
                      transform.Backward(rolling.z[t - static_cast<size_t>(season)]));
    ++naive_count;
  }
  double error = 0;
  double count = 0;
  for (size_t o = 0; o < paths.size(); ++o) {
    for (size_t h = 0; h < paths[o].size(); ++h) {
      error += std::abs(transform.Backward(rolling.z[rolling.origins[o] + 1 + h]) -
                        transform.Backward(paths[o][h]));
      ++count;
    }
  }
  return naive > 0 && count > 0 ? (error / count) / (naive / naive_count) : 0;
}

void RollNaive(const Rolling& rolling, std::span<const int> seasons, double sigma,
               std::vector<Paths>& members) {
  for (const int season : seasons) {
    members.push_back(Roll(rolling, Combination({}, {season}, {1.0}), sigma));
  }
}

// Everything that makes forecasts, in the order of its weights.
std::vector<Paths> TrainMembers(const Rolling& rolling, Fit& fit) {
  std::vector<Paths> members;
  double sigma = 0;
  for (const Features& features : Candidates(fit.seasons, rolling.train)) {
    LinearMember member = TrainLinear(rolling, features);
    fit.linear.push_back(std::move(member.whole));
    members.push_back(std::move(member.paths));
    sigma = member.sigma;
  }
  SmoothingMember smoothing = TrainSmoothing(rolling, fit.seasons, sigma);
  fit.smoothing.push_back(std::move(smoothing.whole));
  members.push_back(std::move(smoothing.paths));
  if (!fit.seasons.empty()) {  // seasons that are found need not be there
    SmoothingMember plain = TrainSmoothing(rolling, {}, sigma);
    fit.smoothing.push_back(std::move(plain.whole));
    members.push_back(std::move(plain.paths));
  }
  // Without a season the last value stands in for the seasonal naive forecast.
  if (fit.seasons.empty()) {
    fit.seasons.push_back(1);
  }
  RollNaive(rolling, fit.seasons, sigma, members);
  return members;
}

void AddWeighted(double weight, const std::vector<double>& values, std::vector<double>& sum) {
  sum.resize(values.size(), 0.0);
  for (size_t i = 0; i < values.size(); ++i) {
    sum[i] += weight * values[i];
  }
}

// Mean absolute errors, [block][member]. What all blocks say steadies those of few outcomes.
std::vector<std::vector<double>> ErrorsByBlock(const Rolling& rolling, const std::vector<Paths>& members) {
  std::vector<std::vector<double>> errors(BlockCount(rolling.horizon), std::vector<double>(members.size()));
  for (size_t m = 0; m < members.size(); ++m) {
    std::vector<double> sums(errors.size()), counts(errors.size());
    for (size_t i = 0; i < members[m].next.size(); ++i) {
      sums[0] += std::abs(rolling.z[rolling.train + i] - members[m].next[i]);
      ++counts[0];
    }
    for (size_t o = 0; o < rolling.origins.size(); ++o) {
      for (size_t h = 1; h < members[m].from[o].size(); ++h) {
        const size_t b = BlockOf(static_cast<int>(h) + 1);
        sums[b] += std::abs(rolling.z[rolling.origins[o] + 1 + h] - members[m].from[o][h]);
        ++counts[b];
      }
    }
    for (size_t b = 0; b < errors.size(); ++b) {
      const double own = counts[b] > 0 ? sums[b] / counts[b] : members[m].error;
      errors[b][m] = (1 - kOfAllBlocks) * own + kOfAllBlocks * members[m].error;
    }
  }
  return errors;
}

// Of the members that the fit has already, as they are.
std::vector<Paths> RollMembers(const Rolling& rolling, double sigma, const Fit& fit) {
  std::vector<Paths> members;
  for (const LinearModel& model : fit.linear) {
    members.push_back(Roll(rolling, Combination({model}, {}, {1.0}), sigma));
  }
  for (const Smoothing& smoothing : fit.smoothing) {
    members.push_back(Roll(rolling, Combination({}, {smoothing}, {}, {1.0}), sigma));
  }
  RollNaive(rolling, fit.seasons, sigma, members);
  return members;
}

void Combine(const Rolling& rolling, double coverage, const std::vector<Paths>& members, Fit& fit) {
  if (fit.weights.members() == 0) {
    fit.weights = MemberWeights(rolling.horizon, ErrorsByBlock(rolling, members));
  }
  std::vector<std::vector<double>> combined(rolling.origins.size());
  std::vector<double> one_step;
  for (size_t m = 0; m < members.size(); ++m) {
    for (size_t o = 0; o < combined.size(); ++o) {
      combined[o].resize(members[m].from[o].size(), 0.0);
      fit.weights.Add(m, rolling.LabelOf(rolling.origins[o]), members[m].from[o], combined[o]);
    }
    AddWeighted(fit.weights.OfBlock(0)[m], members[m].next, one_step);
  }
  std::vector<double> errors(one_step.size());
  for (size_t i = 0; i < errors.size(); ++i) {
    errors[i] = rolling.z[rolling.train + i] - one_step[i];
  }
  fit.sigma = RobustSigma(errors);
  fit.limits = StartLimits(rolling, coverage, fit.linear.front(), fit.seasons.front(), one_step, combined);
  fit.mase = MaseOf(rolling, fit.transform, fit.seasons.back(), combined);
  for (size_t o = 0; o < combined.size(); ++o) {
    fit.origins.push_back({rolling.LabelOf(rolling.origins[o]), fit.sigma / kOptimism,
                           std::vector<float>(combined[o].begin(), combined[o].end())});
  }
}

// Models of an earlier version, with limits from what they would have said of the past that is known.
Fit TakenUp(const FitInput& input, Fit fit) {
  if (TakeUp(input, fit)) {
    const int longest = fit.seasons.back();
    const Rolling rolling = PlaceOrigins(Filled(input.demand_rps, fit.transform, longest), input.first_step,
                                         std::max(1, input.options.horizon_steps), longest);
    Combine(rolling, input.options.coverage, RollMembers(rolling, input.kept->sigma, fit), fit);
    fit.usable = true;
  }
  return fit;
}

}  // namespace

Fit FitModels(const FitInput& input) {
  Fit fit;
  fit.service = input.service;
  fit.version = input.version;
  fit.step = input.options.step;
  const size_t n = input.demand_rps.size();
  fit.last_step = input.first_step + static_cast<int64_t>(n) - 1;
  const auto present = static_cast<size_t>(std::count_if(input.demand_rps.begin(), input.demand_rps.end(),
                                                         [](float v) { return !std::isnan(v); }));
  if (present < kFewest) {
    fit.reason = fmt::format("{} of {} steps of demand needed", present, kFewest);
    return fit;
  }
  if (input.kept) {
    return TakenUp(input, std::move(fit));
  }
  fit.transform = ChooseTransform(input.demand_rps);
  fit.seasons = input.options.seasons;
  if (fit.seasons.empty()) {
    fit.seasons = FindSeasons(Filled(input.demand_rps, fit.transform, 1), input.options.step);
  }
  std::sort(fit.seasons.begin(), fit.seasons.end());
  std::erase_if(fit.seasons, [&](int season) {
    const bool short_of = season < 2 || 2 * static_cast<size_t>(season) > n;
    if (short_of && fit.reason.empty()) {
      fit.reason = fmt::format("{} steps of demand are less than two seasons of {}", n, season);
    }
    return short_of;
  });
  const int longest = fit.seasons.empty() ? 1 : fit.seasons.back();
  Rolling rolling = PlaceOrigins(Filled(input.demand_rps, fit.transform, longest), input.first_step,
                                 std::max(1, input.options.horizon_steps), longest);
  rolling.changed = static_cast<size_t>(
      std::clamp<int64_t>(input.changed_step.value_or(0) - input.first_step, 0, static_cast<int64_t>(n)));
  Combine(rolling, input.options.coverage, TrainMembers(rolling, fit), fit);
  fit.usable = true;
  return fit;
}

}  // namespace shadowd::forecast
