#include "forecast/combination.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace shadowd::forecast {
namespace {

constexpr double kRoomBeyondSeen = 0.5;  // of the range seen
constexpr double kOutlierSigmas = 6;

}  // namespace

Combination::Combination(std::vector<LinearModel> linear, std::vector<int> seasons,
                         std::vector<double> weights)
    : linear_(std::move(linear)), seasons_(std::move(seasons)), weights_(std::move(weights)) {
  SHADOWD_CHECK(weights_.size() == linear_.size() + seasons_.size());
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
  if (member >= linear_.size()) {
    const auto season = static_cast<size_t>(seasons_[member - linear_.size()]);
    for (size_t h = 0; h < steps; ++h) {
      const size_t back = season - h % season;
      path[h] = back <= known ? z[known - back] : z.back();
    }
    return;
  }
  const double room = kRoomBeyondSeen * std::max(0.0, highest_ - lowest_);
  const bool bounded = highest_ >= lowest_;
  z.resize(known + steps);
  for (size_t h = 0; h < steps; ++h) {
    const int64_t step = last_step + static_cast<int64_t>(h) + 1;
    double value = linear_[member].Predict(std::span(z).first(known + h), known + h, step);
    if (bounded) {
      value = std::clamp(value, lowest_ - room, highest_ + room);
    }
    z[known + h] = value;
    path[h] = value;
  }
  z.resize(known);
}

void Combination::Path(std::vector<double>& z, int64_t last_step, int horizon, std::vector<double>& path) {
  const auto steps = static_cast<size_t>(horizon);
  path.assign(steps, 0.0);
  member_path_.resize(steps);
  for (size_t member = 0; member < weights_.size(); ++member) {
    if (weights_[member] <= 0) {
      continue;
    }
    MemberPath(member, z, last_step, horizon, member_path_);
    for (size_t h = 0; h < steps; ++h) {
      path[h] += weights_[member] * member_path_[h];
    }
  }
}

void Combination::Update(std::span<const double> z, int64_t last_step, double sigma) {
  const size_t at = z.size() - 1;
  Widen(z[at]);
  for (LinearModel& model : linear_) {
    const double expected = model.Predict(z, at, last_step);
    const double reach = kOutlierSigmas * sigma;
    model.Update(z, at, last_step, std::clamp(z[at], expected - reach, expected + reach));
  }
}

}  // namespace shadowd::forecast
