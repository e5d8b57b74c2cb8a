#include "forecast/peaks.h"

#include <algorithm>
#include <cmath>

namespace shadowd::forecast {

void Peaks::Forget() {
  said_.clear();
  paths_.clear();
}

void Peaks::Keep(int64_t at_step, double sigma, std::span<const float> path) {
  const auto length = static_cast<std::ptrdiff_t>(horizon_);
  if (said_.size() >= kMostOrigins) {
    said_.erase(said_.begin());
    paths_.erase(paths_.begin(), paths_.begin() + length);
  }
  said_.reserve(kMostOrigins);
  paths_.reserve(kMostOrigins * horizon_);
  const std::span<const float> kept = path.first(std::min(path.size(), horizon_));
  said_.push_back({at_step, static_cast<float>(sigma), static_cast<int>(kept.size())});
  paths_.insert(paths_.end(), kept.begin(), kept.end());
  paths_.resize(said_.size() * horizon_);
}

void Peaks::Adopt(const std::vector<Origin>& origins) {
  Peaks fitted(static_cast<int>(horizon_));
  for (const Origin& origin : origins) {
    fitted.Keep(origin.at_step, origin.sigma, origin.path);
  }
  // Those made online were made by models that learnt on; they stay where they are newer.
  for (size_t i = 0; i < said_.size(); ++i) {
    if (origins.empty() || said_[i].at_step > origins.back().at_step) {
      fitted.Keep(said_[i].at_step, static_cast<double>(said_[i].sigma),
                  std::span(paths_).subspan(i * horizon_, static_cast<size_t>(said_[i].length)));
    }
  }
  *this = std::move(fitted);
}

void Peaks::Remember(int64_t last_step, double sigma, std::span<const double> path) {
  const auto apart = std::max<int64_t>(1, static_cast<int64_t>(path.size()) / 8);
  if (said_.empty() || last_step - said_.back().at_step >= apart) {
    Keep(last_step, sigma, std::vector<float>(path.begin(), path.end()));
  }
}

Peaks::Scores Peaks::For(std::span<const double> z, int64_t last_step, int first, int last,
                         double coverage) const {
  std::vector<double> scores;
  for (size_t i = 0; i < said_.size(); ++i) {
    const Said& origin = said_[i];
    const auto path = paths_.begin() + static_cast<std::ptrdiff_t>(i * horizon_);
    const int64_t end = origin.at_step + last;  // label of the window's last step
    const int64_t back = last_step - (origin.at_step + first);
    if (end > last_step || last > origin.length || back >= static_cast<int64_t>(z.size())) {
      continue;
    }
    const size_t begin = z.size() - 1 - static_cast<size_t>(back);
    const auto realised = std::max_element(z.begin() + static_cast<std::ptrdiff_t>(begin),
                                           z.begin() + static_cast<std::ptrdiff_t>(begin) + last - first + 1);
    const auto said = std::max_element(path + first - 1, path + last);
    scores.push_back((*realised - static_cast<double>(*said)) /
                     std::max(static_cast<double>(origin.sigma), 1e-12));
  }
  if (scores.empty()) {
    return {};
  }
  std::sort(scores.begin(), scores.end());
  Scores result;
  result.count = scores.size();
  for (const double s : scores) {
    result.mean += s / static_cast<double>(scores.size());
  }
  const auto n = static_cast<double>(scores.size());
  const double rank = std::ceil((n + 1) * (1 - (1 - coverage) / 2));
  result.upper = scores[static_cast<size_t>(std::clamp(rank, 1.0, n)) - 1];
  return result;
}

}  // namespace shadowd::forecast
