#include "forecast/combination.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace shadowd::forecast {
namespace {

constexpr double kRoomBeyondSeen = 0.5;  // of the range seen
constexpr double kOutlierSigmas = 6;
constexpr double kChangeSigmas = 18;  // after a change what looks like an outlier is what is new

}  // namespace

Combination::Combination(std::vector<LinearModel> linear, std::vector<Smoothing> smoothing,
                         std::vector<int> seasons, std::vector<double> weights)
    : Combination(std::move(linear), std::move(smoothing), std::move(seasons),
                  MemberWeights(std::move(weights))) {}

Combination::Combination(std::vector<LinearModel> linear, std::vector<Smoothing> smoothing,
                         std::vector<int> seasons, MemberWeights weights)
    : linear_(std::move(linear)),
      smoothing_(std::move(smoothing)),
      seasons_(std::move(seasons)),
      weights_(std::move(weights)) {
  SHADOWD_CHECK(weights_.members() == linear_.size() + smoothing_.size() + seasons_.size());
}

int Combination::MaxLag() const {
  int lag = LongestSeason();
  for (const LinearModel& model : linear_) {
    lag = std::max(lag, model.features().MaxLag());
  }
  return lag;
}

void Combination::Widen(double z) {
  lowest_ = std::min(lowest_, z);
  highest_ = std::max(highest_, z);
}

void Combination::MemberPath(size_t member, std::vector<double>& z, int64_t last_step, int horizon,
                             std::span<double> path) {
  const size_t known = z.size();
  const auto steps = static_cast<size_t>(horizon);
  const size_t first_naive = linear_.size() + smoothing_.size();
  if (member >= first_naive) {
    const auto season = static_cast<size_t>(seasons_[member - first_naive]);
    for (size_t h = 0; h < steps; ++h) {
      const size_t back = season - h % season;
      path[h] = back <= known ? z[known - back] : z.back();
    }
    return;
  }
  if (member >= linear_.size()) {
    smoothing_[member - linear_.size()].Path(last_step, path.first(steps));
    return;
  }
  const bool bounded = highest_ >= lowest_;
  const double room = bounded ? kRoomBeyondSeen * (highest_ - lowest_) : 0;
  const double infinity = std::numeric_limits<double>::infinity();
  linear_[member].Path(z, last_step + 1, bounded ? lowest_ - room : -infinity,
                       bounded ? highest_ + room : infinity, path.first(steps));
}

void Combination::Path(std::vector<double>& z, int64_t last_step, int horizon, std::vector<double>& path) {
  const auto steps = static_cast<size_t>(horizon);
  path.assign(steps, 0.0);
  member_path_.resize(steps);
  for (size_t member = 0; member < weights_.members(); ++member) {
    if (!weights_.Counts(member)) {
      continue;
    }
    MemberPath(member, z, last_step, horizon, member_path_);
    weights_.Add(member, last_step, member_path_, path);
  }
}

void Combination::Update(std::span<const double> z, int64_t last_step, double sigma, Memory memory) {
  const size_t at = z.size() - 1;
  const double reach = (memory == Memory::kShort ? kChangeSigmas : kOutlierSigmas) * sigma;
  Widen(z[at]);
  weights_.Observe(last_step, z[at], memory);
  for (LinearModel& model : linear_) {
    const double expected = model.Predict(z, at, last_step);
    model.Update(z, at, last_step, std::clamp(z[at], expected - reach, expected + reach), memory);
  }
  for (Smoothing& model : smoothing_) {
    double expected = 0;
    model.Path(last_step - 1, std::span(&expected, 1));
    model.Update(last_step, std::clamp(z[at], expected - reach, expected + reach), memory);
  }
}

}  // namespace shadowd::forecast
