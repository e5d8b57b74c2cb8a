#include "forecast/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "forecast/candidates.h"
#include "forecast/combination.h"
#include "forecast/gaps.h"
#include "forecast/ridge.h"
#include "forecast/season.h"

namespace shadowd::forecast {
namespace {

constexpr size_t kFewest = 24;      // steps
constexpr size_t kMostRows = 4000;  // of one regression
constexpr size_t kMostOrigins = 32;
constexpr double kPenalties[] = {1e-4, 1e-3, 1e-2};
constexpr double kHopeless = 2.0;  // times the best member's error: left out

// Everything one fit works on.
struct Work {
  std::vector<double> z;
  int64_t first_step = 0;
  int horizon = 1;
  size_t train = 0;             // steps before the first origin's future
  std::vector<size_t> origins;  // last known position of each
};

int HorizonAt(const Work& work, size_t origin) {
  return std::min(work.horizon, static_cast<int>(work.z.size() - 1 - origin));
}

// Paths of one member from every origin, one behind the other.
struct Paths {
  std::vector<std::vector<double>> from;
  double error = 0;  // mean absolute
};

Paths Try(const Work& work, Combination& single) {
  Paths paths;
  std::vector<double> past;
  double sum = 0;
  size_t count = 0;
  past.reserve(work.z.size() + static_cast<size_t>(work.horizon));
  for (const size_t origin : work.origins) {
    const int horizon = HorizonAt(work, origin);
    past.assign(work.z.begin(), work.z.begin() + static_cast<std::ptrdiff_t>(origin) + 1);
    std::vector<double> path(static_cast<size_t>(horizon));
    single.MemberPath(0, past, work.first_step + static_cast<int64_t>(origin), horizon, path);
    for (size_t h = 0; h < path.size(); ++h) {
      sum += std::abs(work.z[origin + 1 + h] - path[h]);
    }
    count += path.size();
    paths.from.push_back(std::move(path));
  }
  paths.error = sum / static_cast<double>(std::max<size_t>(1, count));
  return paths;
}

void SeeRange(const Work& work, Combination& combination) {
  const auto [low, high] =
      std::minmax_element(work.z.begin(), work.z.begin() + static_cast<std::ptrdiff_t>(work.train));
  combination.Widen(*low);
  combination.Widen(*high);
}

Ridge Sums(const Work& work, const Features& features, size_t end) {
  const auto lag = static_cast<size_t>(features.MaxLag());
  const size_t begin = std::max(lag, end > kMostRows ? end - kMostRows : 0);
  return Ridge(features, work.z, begin, end, work.first_step);
}

struct Member {
  LinearModel trained;  // before the origins
  LinearModel whole;    // on everything
  Paths paths;
};

Member TrainMember(const Work& work, const Features& features) {
  const Ridge before = Sums(work, features, work.train);
  Member best;
  double penalty = 0;
  for (const double lambda : kPenalties) {
    LinearModel model = before.Solve(lambda);
    Combination single({model}, {}, {1.0});
    SeeRange(work, single);
    Paths paths = Try(work, single);
    if (penalty == 0 || paths.error < best.paths.error) {
      best.trained = std::move(model);
      best.paths = std::move(paths);
      penalty = lambda;
    }
  }
  best.whole = Sums(work, features, work.z.size()).Solve(penalty);
  return best;
}

std::vector<double> Weigh(const std::vector<double>& errors) {
  const double best = *std::min_element(errors.begin(), errors.end());
  std::vector<double> weights;
  for (const double error : errors) {
    const double ratio = best > 0 ? best / error : (error > 0 ? 0.0 : 1.0);
    weights.push_back(ratio * kHopeless < 1 ? 0 : ratio * ratio);
  }
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& w : weights) {
    w /= sum;
  }
  return weights;
}

// One-step errors of the combination as it was trained, over all steps after the training part.
std::vector<double> OneStepErrors(const Work& work, Combination& trained) {
  std::vector<double> past(work.z.begin(), work.z.begin() + static_cast<std::ptrdiff_t>(work.train));
  std::vector<double> errors;
  std::vector<double> path;
  for (size_t t = work.train; t < work.z.size(); ++t) {
    trained.Path(past, work.first_step + static_cast<int64_t>(t) - 1, 1, path);
    errors.push_back(work.z[t] - path[0]);
    past.push_back(work.z[t]);
  }
  return errors;
}

// Root mean square with the tails clipped, so that one outage does not widen every limit.
double RobustSigma(std::vector<double> errors) {
  for (double& e : errors) {
    e = std::abs(e);
  }
  std::sort(errors.begin(), errors.end());
  const double most = 6 * errors[errors.size() / 2];
  double sum = 0;
  for (const double e : errors) {
    const double counted = most > 0 ? std::min(e, most) : e;
    sum += counted * counted / static_cast<double>(errors.size());
  }
  return std::sqrt(sum);
}

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

void StartLimits(const Work& work, double coverage, const std::vector<double>& one_step,
                 const std::vector<std::vector<double>>& paths, Fit& fit) {
  const double scale = std::max(fit.sigma, 1e-12);
  std::vector<std::vector<double>> scores(BlockCount(work.horizon));
  for (const double error : one_step) {
    scores[0].push_back(error / scale);
  }
  for (size_t o = 0; o < paths.size(); ++o) {
    for (size_t h = 1; h < paths[o].size(); ++h) {
      scores[BlockOf(static_cast<int>(h) + 1)].push_back((work.z[work.origins[o] + 1 + h] - paths[o][h]) /
                                                         scale);
    }
  }
  const double miss = (1 - coverage) / 2;
  for (size_t b = 0; b < scores.size(); ++b) {
    BlockLimits limits;
    limits.k_upper = ConformalQuantile(scores[b], miss);
    for (double& s : scores[b]) {
      s = -s;
    }
    limits.k_lower = ConformalQuantile(scores[b], miss);
    fit.limits.push_back(limits);
  }
}

double MaseOf(const Work& work, const Transform& transform, int season,
              const std::vector<std::vector<double>>& paths) {
  double naive = 0;
  double naive_count = 0;
  for (auto t = static_cast<size_t>(season); t < work.train; ++t) {
    naive +=
        std::abs(transform.Backward(work.z[t]) - transform.Backward(work.z[t - static_cast<size_t>(season)]));
    ++naive_count;
  }
  double error = 0;
  double count = 0;
  for (size_t o = 0; o < paths.size(); ++o) {
    for (size_t h = 0; h < paths[o].size(); ++h) {
      error +=
          std::abs(transform.Backward(work.z[work.origins[o] + 1 + h]) - transform.Backward(paths[o][h]));
      ++count;
    }
  }
  return naive > 0 && count > 0 ? (error / count) / (naive / naive_count) : 0;
}

void PlaceOrigins(Work& work, int longest_season) {
  const size_t n = work.z.size();
  const auto wanted = static_cast<size_t>(std::max({2 * work.horizon, longest_season, 48}));
  work.train = n - std::clamp<size_t>(wanted, 4, n / 3);
  const size_t stride = std::max<size_t>(1, (n - work.train) / kMostOrigins);
  for (size_t origin = work.train - 1; origin + 1 < n; origin += stride) {
    work.origins.push_back(origin);
  }
}

void Combine(const Work& work, double coverage, Fit& fit) {
  std::vector<LinearModel> trained;
  std::vector<Paths> members;
  for (const Features& features : Candidates(fit.seasons, work.train)) {
    Member member = TrainMember(work, features);
    trained.push_back(std::move(member.trained));
    fit.linear.push_back(std::move(member.whole));
    members.push_back(std::move(member.paths));
  }
  // Without a season the last value stands in for the seasonal naive forecast.
  if (fit.seasons.empty()) {
    fit.seasons.push_back(1);
  }
  for (const int season : fit.seasons) {
    Combination naive({}, {season}, {1.0});
    members.push_back(Try(work, naive));
  }
  std::vector<double> errors;
  for (const Paths& paths : members) {
    errors.push_back(paths.error);
  }
  fit.weights = Weigh(errors);
  std::vector<std::vector<double>> combined(work.origins.size());
  for (size_t o = 0; o < combined.size(); ++o) {
    combined[o].assign(members[0].from[o].size(), 0.0);
    for (size_t m = 0; m < members.size(); ++m) {
      for (size_t h = 0; h < combined[o].size(); ++h) {
        combined[o][h] += fit.weights[m] * members[m].from[o][h];
      }
    }
  }
  Combination before(std::move(trained), fit.seasons, fit.weights);
  SeeRange(work, before);
  const std::vector<double> one_step = OneStepErrors(work, before);
  fit.sigma = RobustSigma(one_step);
  StartLimits(work, coverage, one_step, combined, fit);
  fit.mase = MaseOf(work, fit.transform, fit.seasons.back(), combined);
  for (size_t o = 0; o < combined.size(); ++o) {
    fit.origins.push_back({work.first_step + static_cast<int64_t>(work.origins[o]), fit.sigma,
                           std::vector<float>(combined[o].begin(), combined[o].end())});
  }
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
  Work work;
  work.z = Filled(input.demand_rps, fit.transform, fit.seasons.empty() ? 1 : fit.seasons.back());
  work.first_step = input.first_step;
  work.horizon = std::max(1, input.options.horizon_steps);
  PlaceOrigins(work, fit.seasons.empty() ? 1 : fit.seasons.back());
  Combine(work, input.options.coverage, fit);
  fit.usable = true;
  return fit;
}

}  // namespace shadowd::forecast
