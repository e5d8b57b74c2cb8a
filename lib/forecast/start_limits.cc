#include "forecast/start_limits.h"

#include <algorithm>
#include <cmath>

namespace shadowd::forecast {
namespace {

// What past errors show of the next ones falls short, since members, their lags and their gains were chosen
// on them. The worst of M4's validation windows is covered as it should be.
constexpr double kOptimism = 1.17;
constexpr double kFewestWindows = 3;

ErrorScale OfResiduals(const Rolling& rolling, const LinearModel& model, int season) {
  const size_t from = std::min(static_cast<size_t>(model.features().MaxLag()), rolling.train / 2);
  std::vector<double> errors, expected;
  for (size_t t = from; t < rolling.train; ++t) {
    expected.push_back(model.Predict(rolling.z, t, rolling.LabelOf(t)));
    errors.push_back(rolling.z[t] - expected.back());
  }
  return ErrorScale(errors, expected, rolling.LabelOf(from), season);
}

struct PastErrors {
  std::vector<std::vector<ScaledError>> blocks;
  std::vector<ScaledError> peaks;
};

void AddPath(const Rolling& rolling, size_t known, std::span<const double> path, const ErrorScale& scale,
             PastErrors& past) {
  for (size_t h = 1; h < path.size(); ++h) {
    past.blocks[BlockOf(static_cast<int>(h) + 1)].push_back(
        {rolling.z[known + h] - path[h], scale.At(rolling.LabelOf(known + h), path[h])});
  }
  if (path.size() == static_cast<size_t>(rolling.horizon)) {
    const auto at = static_cast<size_t>(std::max_element(path.begin(), path.end()) - path.begin());
    const auto came = std::span(rolling.z).subspan(known, path.size());
    past.peaks.push_back({*std::max_element(came.begin(), came.end()) - path[at],
                          scale.At(rolling.LabelOf(known + at), path[at])});
  }
}

Margin Opposite(std::vector<ScaledError> past, double miss, double optimism) {
  for (ScaledError& p : past) {
    p.error = -p.error;
  }
  return Margin(past, miss, optimism);
}

}  // namespace

// Cornish and Fisher's expansion, to the second order. A guess from fewer than three would be no limit.
double QuantileOfFew(double windows) {
  const double n = std::max(kFewestWindows, windows), z = 1.959964, square = z * z;
  const double first = (square + 1) / 4, second = (5 * square * square + 16 * square + 3) / 96;
  return 1 + first / n + second / (n * n);
}

LimitsStart StartLimits(const Rolling& rolling, double coverage, const LinearModel& model, int season,
                        std::span<const double> expected, std::span<const std::vector<double>> paths) {
  LimitsStart start;
  start.scale = OfResiduals(rolling, model, season);
  PastErrors past;
  past.blocks.resize(BlockCount(rolling.horizon));
  size_t origin = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const size_t known = rolling.train + i;
    if (origin < paths.size() && rolling.origins[origin] + 1 == known) {
      AddPath(rolling, known, paths[origin++], start.scale, past);
    }
    const double error = rolling.z[known] - expected[i];
    past.blocks[0].push_back({error, start.scale.At(rolling.LabelOf(known), expected[i])});
    start.scale.Observe(rolling.LabelOf(known), expected[i], error);
  }
  const double miss = (1 - coverage) / 2;
  // Windows that overlap are as many as go into the held-out part side by side.
  const auto optimism = [&](int ahead) {
    return kOptimism * QuantileOfFew(static_cast<double>(expected.size()) / ahead);
  };
  for (size_t b = 0; b < past.blocks.size(); ++b) {
    const double factor = optimism(BlockProbe(b, rolling.horizon));
    start.blocks.push_back({Margin(past.blocks[b], miss, factor), Opposite(past.blocks[b], miss, factor)});
  }
  start.peak = Margin(past.peaks, 2 * miss, kOptimism);
  return start;
}

}  // namespace shadowd::forecast
