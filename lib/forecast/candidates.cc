#include "forecast/candidates.h"

#include <algorithm>

namespace shadowd::forecast {
namespace {

constexpr int kMostHarmonics = 6;
constexpr int kSeasonMultiples = 6;
constexpr int kWidestMean = 256;
constexpr int kWidestWithout = 64;  // seasons
constexpr double kLookBack = 0.85;  // of the training part; the rest are rows to learn from

void Tidy(Features& features, size_t train) {
  std::vector<int>& lags = features.lags;
  std::erase_if(lags, [](int lag) { return lag < 1; });
  std::sort(lags.begin(), lags.end());
  lags.erase(std::unique(lags.begin(), lags.end()), lags.end());
  const auto nearer = [](const Mean& a, const Mean& b) { return a.Reach() < b.Reach(); };
  std::stable_sort(features.means.begin(), features.means.end(), nearer);
  // What reaches back farthest goes first, until three rows a weight are left.
  while (!lags.empty() && static_cast<size_t>(features.MaxLag()) + 3 * features.size() + 8 > train) {
    if (!features.means.empty() && features.means.back().Reach() >= lags.back()) {
      features.means.pop_back();
    } else {
      lags.pop_back();
    }
  }
}

// The level of late over several spans, and the mean course of the last seasons around this step: without
// them the noise of single steps would be carried through the whole horizon.
Features Averaged(const std::vector<int>& seasons, size_t train) {
  Features f{.lags = {1, 2}};
  const int widest = seasons.empty() ? kWidestWithout : std::min(seasons[0], kWidestMean);
  for (int width = 3; width <= widest; width *= 3) {
    f.means.push_back({.lag = 1, .width = width});
  }
  for (size_t i = 0; i < seasons.size(); ++i) {
    const int s = seasons[i];
    const bool longest = i + 1 == seasons.size();
    const int known = static_cast<int>(kLookBack * static_cast<double>(train)) / s;
    const int within = longest ? kSeasonMultiples : std::max(1, seasons[i + 1] / s - 1);
    const int count = std::clamp(known, 1, std::min(kSeasonMultiples, within));
    f.lags.insert(f.lags.end(), {s, s + 1});
    f.means.push_back({.lag = s, .width = 1, .stride = s, .count = count});
    f.means.push_back({.lag = s + 1, .width = 1, .stride = s, .count = count});
    f.means.push_back({.lag = s - 1, .width = 3, .stride = s, .count = count});
    f.means.push_back({.lag = s + 1, .width = 3, .stride = s, .count = count});
    f.means.push_back({.lag = s + 1, .width = std::max(4, widest / 4), .stride = s, .count = count});
  }
  return f;
}

}  // namespace

std::vector<Features> Candidates(const std::vector<int>& seasons, size_t train) {
  Features many{.lags = {1, 2, 3, 4}};
  Features smooth{.lags = {1, 2, 3}};
  if (seasons.empty()) {
    many.lags = {1, 2, 3, 4, 6, 8, 12};
  }
  for (size_t i = 0; i < seasons.size(); ++i) {
    const int s = seasons[i];
    const bool longest = i + 1 == seasons.size();
    many.lags.insert(many.lags.end(), {s - 1, s, s + 1, s + 2});
    // Beyond the longest of several seasons, old weeks only add noise.
    if (!longest || seasons.size() == 1) {
      many.lags.insert(many.lags.end(), {2 * s - 1, 2 * s, 2 * s + 1});
      for (int k = 3; k <= kSeasonMultiples && (longest || k * s < seasons[i + 1] - 1); ++k) {
        many.lags.push_back(k * s);
      }
    }
    smooth.harmonics.push_back({s, std::min(kMostHarmonics, (s - 1) / 2)});
  }
  std::vector<Features> all{many};
  if (!seasons.empty()) {
    all.push_back(smooth);
  }
  all.push_back(Averaged(seasons, train));
  for (Features& features : all) {
    Tidy(features, train);
  }
  std::erase_if(all, [](const Features& f) { return f.lags.empty(); });
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace shadowd::forecast
