#include "forecast/members.h"

#include <algorithm>
#include <cmath>

#include "forecast/error_scale.h"
#include "forecast/ridge.h"

namespace shadowd::forecast {
namespace {

constexpr size_t kMostRows = 8192;  // of one regression
constexpr size_t kCoarse = 3;       // a choice is made on every third origin
constexpr size_t kRecent = 256;     // steps of the training part that tell its errors
constexpr double kPenalties[] = {1e-5, 1e-3};
constexpr double kLevels[] = {0.003, 0.01, 0.03, 0.1, 0.3, 0.6, 0.9};
constexpr double kFades[] = {0.0, 0.3, 0.6, 0.8, 0.9, 0.97};
constexpr double kSeasons[] = {0.02, 0.05, 0.1, 0.2, 0.4, 0.7};
constexpr int kLongestSmoothed =
    1440;  // a state a step of longer seasons would cost more memory than it is worth

Ridge Regression(const Rolling& rolling, const Features& features, size_t end) {
  const auto lag = static_cast<size_t>(features.MaxLag());
  const size_t begin = std::max(lag, end > kMostRows ? end - kMostRows : 0);
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
  const Ridge before = Regression(rolling, features, rolling.train);
  LinearModel trained;
  double penalty = 0, least = 0;
  for (const double lambda : kPenalties) {
    LinearModel model = before.Solve(lambda);
    const double error = ErrorOf(rolling, Alone(rolling, model), 0, kCoarse);
    if (penalty == 0 || error < least) {
      trained = std::move(model);
      least = error;
      penalty = lambda;
    }
  }
  LinearMember member;
  member.sigma = TrainingSigma(rolling, trained);
  member.paths = Roll(rolling, Alone(rolling, trained), member.sigma);
  member.whole = Regression(rolling, features, rolling.z.size()).Solve(penalty);
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
