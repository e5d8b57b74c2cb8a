#include "forecast/members.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "forecast/error_scale.h"
#include "forecast/ridge.h"

namespace shadowd::forecast {
namespace {

constexpr size_t kRowsAWeight = 3;
constexpr double kClearly = 2;      // standard errors
constexpr int kNearest = 2;         // lags that every model has
constexpr size_t kMostRows = 8192;  // of one regression
constexpr size_t kCoarse = 3;       // a choice is made on every third origin
constexpr size_t kRecent = 256;     // steps of the training part that tell its errors
constexpr double kPenalties[] = {1e-5, 1e-3};
constexpr double kLevels[] = {0.003, 0.01, 0.03, 0.1, 0.3, 0.6, 0.9};
constexpr double kFades[] = {0.0, 0.3, 0.6, 0.8, 0.9, 0.97};
constexpr double kSeasons[] = {0.02, 0.05, 0.1, 0.2, 0.4, 0.7};
constexpr int kLongestSmoothed =
    1440;  // a state a step of longer seasons would cost more memory than it is worth

Ridge Regression(const Rolling& rolling, const Features& features, size_t from, size_t end) {
  const auto lag = static_cast<size_t>(features.MaxLag());
  const size_t begin = std::max({lag, from, end > kMostRows ? end - kMostRows : 0});
  Ridge ridge(features, rolling.z, begin, end, rolling.first_step);
  ridge.DiscountOutliers();
  return ridge;
}

Combination Alone(const Rolling& rolling, const LinearModel& model) {
  Combination single({model}, {}, {1.0});
  WidenToTraining(rolling, single);
  return single;
}

double TrainingSigma(const Rolling& rolling, const LinearModel& model) {
  std::vector<double> errors;
  for (size_t t = rolling.train - std::min(rolling.train / 2, kRecent); t < rolling.train; ++t) {
    errors.push_back(rolling.z[t] - model.Predict(rolling.z, t, rolling.LabelOf(t)));
  }
  return RobustSigma(errors);
}

// Runs of neighbouring lags, farthest first, without the two nearest lags, which stay.
std::vector<std::vector<int>> GroupsOf(const std::vector<int>& lags) {
  std::vector<std::vector<int>> groups;
  for (const int lag : lags) {
    if (lag <= kNearest) {
      continue;
    }
    if (groups.empty() || lag != groups.back().back() + 1) {
      groups.emplace_back();
    }
    groups.back().push_back(lag);
  }
  std::reverse(groups.begin(), groups.end());
  return groups;
}

bool ErrsLess(const std::vector<double>& errors, const std::vector<double>& others, double clearly) {
  const auto n = static_cast<double>(errors.size());
  double mean = 0, square = 0;
  for (size_t i = 0; i < errors.size(); ++i) {
    const double gain = others[i] - errors[i];
    mean += gain / n;
    square += gain * gain / n;
  }
  const double variance = std::max(0.0, square - mean * mean) / std::max(1.0, n - 1);
  return mean > clearly * std::sqrt(variance);
}

// What a linear member is fitted with, one choice after the other, each kept where paths err less.
class LinearSearch {
 public:
  LinearSearch(const Rolling& rolling, const Features& features) : rolling_(rolling), features_(features) {}

  // Of the penalties, on the rows from `from` on.
  void Penalty(size_t from) {
    Ridge ridge = Regression(rolling_, features_, from, rolling_.train);
    bool better = false;
    for (const double lambda : kPenalties) {
      if (Try(ridge.Solve(lambda), 0)) {
        penalty_ = lambda;
        better = true;
      }
    }
    if (better) {
      from_ = from;
      ridge_.emplace(std::move(ridge));
    }
  }
  // Neighbouring lags go together, those that reach back farthest first. A few origins choose among many
  // lags: what is no clear gain is chance.
  void Lags() {
    for (const std::vector<int>& group : GroupsOf(features_.lags)) {
      std::vector<int> left = best_.features().lags;
      std::erase_if(left, [&](int lag) { return std::find(group.begin(), group.end(), lag) != group.end(); });
      Try(ridge_->Solve(penalty_, left), kClearly);
    }
  }
  LinearModel Whole() const {
    return Regression(rolling_, best_.features(), from_, rolling_.z.size()).Solve(penalty_);
  }
  const LinearModel& best() const { return best_; }

 private:
  // Takes the model where it errs less by so many standard errors of the difference.
  bool Try(LinearModel model, double clearly) {
    std::vector<double> errors = ErrorsOf(rolling_, Alone(rolling_, model), 0, kCoarse);
    const bool better = errors_.empty() || ErrsLess(errors, errors_, clearly);
    if (better) {
      errors_ = std::move(errors);
      best_ = std::move(model);
    }
    return better;
  }

  const Rolling& rolling_;
  const Features& features_;
  std::optional<Ridge> ridge_;  // of the rows that were chosen
  LinearModel best_;
  double penalty_ = 0;
  size_t from_ = 0;
  std::vector<double> errors_;  // of the best, an origin each
};

// One gain after the other, each tried over its range while the others stay.
class GainSearch {
 public:
  GainSearch(const Rolling& rolling, std::span<const int> seasons, double sigma)
      : rolling_(rolling), seasons_(seasons), sigma_(sigma) {}

  void Along(double SmoothingGains::*gain, std::span<const double> range) {
    const SmoothingGains from = best_;
    for (const double value : range) {
      SmoothingGains gains = from;
      gains.*gain = value;
      const double error = ErrorOf(rolling_, Combination({}, {Trained(gains)}, {}, {1.0}), sigma_, kCoarse);
      if (!known_ || error < error_) {
        known_ = true;
        error_ = error;
        best_ = gains;
      }
    }
  }
  Smoothing Trained(const SmoothingGains& gains) const {
    return Smoothing(std::span(rolling_.z).first(rolling_.train), rolling_.first_step, seasons_, gains);
  }
  const SmoothingGains& best() const { return best_; }

 private:
  const Rolling& rolling_;
  std::span<const int> seasons_;
  double sigma_;
  SmoothingGains best_;
  double error_ = 0;
  bool known_ = false;
};

}  // namespace

LinearMember TrainLinear(const Rolling& rolling, const Features& features) {
  LinearSearch search(rolling, features);
  search.Penalty(0);
  if (rolling.changed > 0 && rolling.changed + kRowsAWeight * features.size() <= rolling.train) {
    search.Penalty(rolling.changed);
  }
  if (features.means.empty() && features.harmonics.empty()) {  // these smooth what single lags would carry
    search.Lags();
  }
  const LinearModel& trained = search.best();
  LinearMember member;
  member.sigma = TrainingSigma(rolling, trained);
  member.paths = Roll(rolling, Alone(rolling, trained), member.sigma);
  member.whole = search.Whole();
  return member;
}

SmoothingMember TrainSmoothing(const Rolling& rolling, std::span<const int> seasons, double sigma) {
  while (!seasons.empty() && seasons.back() > kLongestSmoothed) {
    seasons = seasons.first(seasons.size() - 1);
  }
  GainSearch search(rolling, seasons, sigma);
  search.Along(&SmoothingGains::level, kLevels);
  search.Along(&SmoothingGains::fade, kFades);
  if (!seasons.empty()) {
    search.Along(&SmoothingGains::season, kSeasons);
  }
  SmoothingMember member;
  member.paths = Roll(rolling, Combination({}, {search.Trained(search.best())}, {}, {1.0}), sigma);
  member.whole = Smoothing(rolling.z, rolling.first_step, seasons, search.best());
  return member;
}

}  // namespace shadowd::forecast
