#include "forecast/candidates.h"

#include <algorithm>

namespace shadowd::forecast {
namespace {

constexpr int kMostHarmonics = 6;
constexpr int kSeasonMultiples = 6;

void Tidy(Features& features, size_t train) {
  std::vector<int>& lags = features.lags;
  std::erase_if(lags, [](int lag) { return lag < 1; });
  std::sort(lags.begin(), lags.end());
  lags.erase(std::unique(lags.begin(), lags.end()), lags.end());
  while (!lags.empty() && static_cast<size_t>(lags.back()) + 3 * features.size() + 8 > train) {
    lags.pop_back();
  }
}

}  // namespace

std::vector<Features> Candidates(const std::vector<int>& seasons, size_t train) {
  Features plain{.lags = {1, 2, 3}, .harmonics = {}};
  Features rich{.lags = {1, 2, 3, 4}, .harmonics = {}};
  Features smooth{.lags = {1, 2, 3}, .harmonics = {}};
  if (seasons.empty()) {
    rich.lags = {1, 2, 3, 4, 6, 8, 12};
  }
  for (size_t i = 0; i < seasons.size(); ++i) {
    const int s = seasons[i];
    const bool longest = i + 1 == seasons.size();
    plain.lags.insert(plain.lags.end(), {s - 1, s, s + 1});
    rich.lags.insert(rich.lags.end(), {s - 1, s, s + 1, s + 2});
    // Beyond the longest of several seasons, old weeks only add noise.
    if (!longest || seasons.size() == 1) {
      plain.lags.push_back(2 * s);
      rich.lags.insert(rich.lags.end(), {2 * s - 1, 2 * s, 2 * s + 1});
      for (int k = 3; k <= kSeasonMultiples && (longest || k * s < seasons[i + 1] - 1); ++k) {
        rich.lags.push_back(k * s);
      }
    }
    smooth.harmonics.push_back({s, std::min(kMostHarmonics, (s - 1) / 2)});
  }
  std::vector<Features> all{plain, rich};
  if (!seasons.empty()) {
    all.push_back(smooth);
  }
  for (Features& features : all) {
    Tidy(features, train);
  }
  std::erase_if(all, [](const Features& f) { return f.lags.empty(); });
  if (all.size() > 1 && all[0] == all[1]) {
    all.erase(all.begin() + 1);
  }
  return all;
}

}  // namespace shadowd::forecast
