#include "forecast/peaks.h"

#include <algorithm>
#include <cmath>

namespace shadowd::forecast {

void Peaks::Adopt(const std::vector<Origin>& origins) {
  // Those made online were made by models that learnt on; they stay where they are newer.
  const int64_t newest = origins.empty() ? 0 : origins.back().at_step;
  std::deque<Origin> kept(origins.begin(), origins.end());
  for (Origin& origin : origins_) {
    if (origins.empty() || origin.at_step > newest) {
      kept.push_back(std::move(origin));
    }
  }
  while (kept.size() > kMostOrigins) {
    kept.pop_front();
  }
  origins_ = std::move(kept);
}

void Peaks::Remember(int64_t last_step, double sigma, std::span<const double> path) {
  const auto apart = std::max<int64_t>(1, static_cast<int64_t>(path.size()) / 8);
  if (!origins_.empty() && last_step - origins_.back().at_step < apart) {
    return;
  }
  Origin origin{last_step, sigma, {}};
  if (origins_.size() >= kMostOrigins) {
    origin.path = std::move(origins_.front().path);  // its memory is used again
    origins_.pop_front();
  }
  origin.path.assign(path.begin(), path.end());
  origins_.push_back(std::move(origin));
}

Peaks::Scores Peaks::For(std::span<const double> z, int64_t last_step, int first, int last,
                         double coverage) const {
  std::vector<double> scores;
  for (const Origin& origin : origins_) {
    const auto length = static_cast<int>(origin.path.size());
    const int64_t end = origin.at_step + last;  // label of the window's last step
    const int64_t back = last_step - (origin.at_step + first);
    if (end > last_step || last > length || back >= static_cast<int64_t>(z.size())) {
      continue;
    }
    const size_t begin = z.size() - 1 - static_cast<size_t>(back);
    const auto realised = std::max_element(z.begin() + static_cast<std::ptrdiff_t>(begin),
                                           z.begin() + static_cast<std::ptrdiff_t>(begin) + last - first + 1);
    const auto said = std::max_element(origin.path.begin() + first - 1, origin.path.begin() + last);
    scores.push_back((*realised - static_cast<double>(*said)) / std::max(origin.sigma, 1e-12));
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
