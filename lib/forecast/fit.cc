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

namespace shadowd::forecast {
namespace {

constexpr size_t kFewest = 24;  // steps
// What past errors show of the next ones falls short: they are few that are independent, and the weights were
// chosen on them.
constexpr double kOptimism = 1.10;

// The split-conformal quantile; what too few scores cannot show is taken from their spread.
double ConformalQuantile(std::vector<double> scores, double miss) {
  if (scores.empty()) {
    return 2;
  }
  std::sort(scores.begin(), scores.end());
  const auto n = static_cast<double>(scores.size());
  const double rank = std::ceil((n + 1) * (1 - miss));
  if (rank <= n) {
    return std::max(0.0, scores[static_cast<size_t>(rank) - 1]);
  }
  double square = 0;
  for (const double s : scores) {
    square += s * s / n;
  }
  return std::max({0.0, scores.back(), 2 * std::sqrt(square)});
}

void StartLimits(const Rolling& rolling, double coverage, const std::vector<double>& one_step,
                 const std::vector<std::vector<double>>& paths, Fit& fit) {
  const double scale = std::max(fit.sigma, 1e-12);
  std::vector<std::vector<double>> scores(BlockCount(rolling.horizon));
  for (const double error : one_step) {
    scores[0].push_back(error / scale);
  }
  for (size_t o = 0; o < paths.size(); ++o) {
    for (size_t h = 1; h < paths[o].size(); ++h) {
      scores[BlockOf(static_cast<int>(h) + 1)].push_back(
          (rolling.z[rolling.origins[o] + 1 + h] - paths[o][h]) / scale);
    }
  }
  const double miss = (1 - coverage) / 2;
  for (size_t b = 0; b < scores.size(); ++b) {
    BlockLimits limits;
    limits.k_upper = kOptimism * ConformalQuantile(scores[b], miss);
    for (double& s : scores[b]) {
      s = -s;
    }
    limits.k_lower = kOptimism * ConformalQuantile(scores[b], miss);
    fit.limits.push_back(limits);
  }
}

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
  // Without a season the last value stands in for the seasonal naive forecast.
  if (fit.seasons.empty()) {
    fit.seasons.push_back(1);
  }
  for (const int season : fit.seasons) {
    members.push_back(Roll(rolling, Combination({}, {season}, {1.0}), sigma));
  }
  return members;
}

void AddWeighted(double weight, const std::vector<double>& values, std::vector<double>& sum) {
  sum.resize(values.size(), 0.0);
  for (size_t i = 0; i < values.size(); ++i) {
    sum[i] += weight * values[i];
  }
}

void Combine(const Rolling& rolling, double coverage, Fit& fit) {
  const std::vector<Paths> members = TrainMembers(rolling, fit);
  std::vector<double> errors;
  for (const Paths& paths : members) {
    errors.push_back(paths.error);
  }
  fit.weights = Weigh(errors);
  std::vector<std::vector<double>> combined(rolling.origins.size());
  std::vector<double> one_step;
  for (size_t m = 0; m < members.size(); ++m) {
    for (size_t o = 0; o < combined.size(); ++o) {
      AddWeighted(fit.weights[m], members[m].from[o], combined[o]);
    }
    AddWeighted(fit.weights[m], members[m].next, one_step);
  }
  for (size_t i = 0; i < one_step.size(); ++i) {
    one_step[i] = rolling.z[rolling.train + i] - one_step[i];
  }
  fit.sigma = RobustSigma(one_step);
  StartLimits(rolling, coverage, one_step, combined, fit);
  fit.mase = MaseOf(rolling, fit.transform, fit.seasons.back(), combined);
  for (size_t o = 0; o < combined.size(); ++o) {
    fit.origins.push_back({rolling.LabelOf(rolling.origins[o]), fit.sigma / kOptimism,
                           std::vector<float>(combined[o].begin(), combined[o].end())});
  }
}

}  // namespace

Fit FitModels(const FitInput& input) {
  if (input.kept) {
    return FitKept(input);
  }
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
  const Rolling rolling = PlaceOrigins(Filled(input.demand_rps, fit.transform, longest), input.first_step,
                                       std::max(1, input.options.horizon_steps), longest);
  Combine(rolling, input.options.coverage, fit);
  fit.usable = true;
  return fit;
}

}  // namespace shadowd::forecast
