#include "forecast/smoothing.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <span>
#include <vector>

#include "base/rng.h"

namespace shadowd::forecast {
namespace {

// What the smoothed states say, written down once more without phases and labels.
std::vector<double> ByHand(const std::vector<double>& z, double level_gain, double fade, int horizon) {
  double level = 0;
  for (int i = 0; i < 8; ++i) {
    level += z[static_cast<size_t>(i)] / 8;
  }
  double left = 0;
  for (const double v : z) {
    const double error = v - level - fade * left;
    left = v - level;
    level += level_gain * error;
  }
  std::vector<double> path;
  for (int h = 1; h <= horizon; ++h) {
    path.push_back(level + std::pow(fade, h) * left);
  }
  return path;
}

double Pattern(int64_t step) {
  return static_cast<double>(step * step % 7) + (step % 21 >= 14 ? 5 : 0);
}

}  // namespace

TEST_CASE("without a season it is simple exponential smoothing with an error that fades") {
  Rng rng(1);
  std::vector<double> z;
  for (int t = 0; t < 50; ++t) {
    z.push_back(10 + rng.Normal());
  }
  const std::vector<int> none;
  const Smoothing model(z, 0, none, {.level = 0.2, .season = 0.1, .fade = 0.6});
  std::vector<double> path(5);
  model.Path(49, path);
  const std::vector<double> expected = ByHand(z, 0.2, 0.6, 5);
  for (size_t h = 0; h < path.size(); ++h) {
    CHECK(path[h] == Approx(expected[h]));
  }
}

TEST_CASE("what is updated step by step is what is smoothed at once") {
  Rng rng(2);
  std::vector<double> z;
  for (int t = 0; t < 60; ++t) {
    z.push_back(rng.Normal());
  }
  const std::vector<int> none;
  const SmoothingGains gains{.level = 0.3, .season = 0.2, .fade = 0.4};
  const Smoothing whole(z, 100, none, gains);
  Smoothing online(std::span<const double>(z).first(40), 100, none, gains);
  for (int64_t t = 40; t < 60; ++t) {
    online.Update(100 + t, z[static_cast<size_t>(t)]);
  }
  std::vector<double> a(4), b(4);
  whole.Path(159, a);
  online.Path(159, b);
  for (size_t h = 0; h < a.size(); ++h) {
    CHECK(a[h] == Approx(b[h]));
  }
}

TEST_CASE("a season that repeats is continued from any label, whatever the level does") {
  const int64_t first = GENERATE(0, 5, -12);
  std::vector<double> z;
  for (int64_t t = 0; t < 70; ++t) {
    z.push_back(3.0 * static_cast<double>((t + 7000) / 7) + static_cast<double>((first + t + 7000) % 7));
  }
  const std::vector<int> seasons{7};
  const Smoothing model(z, first, seasons, {.level = 0.5, .season = 0.2, .fade = 0});
  std::vector<double> path(7);
  model.Path(first + 69, path);
  for (int64_t h = 1; h < 7; ++h) {
    const auto i = static_cast<size_t>(h);
    const auto step = first + 70 + h + 7000;
    CHECK(path[i] - path[i - 1] == Approx(static_cast<double>(step % 7 - (step - 1) % 7)).margin(0.6));
  }
}

TEST_CASE("a longer season is learnt on top of a shorter one") {
  std::vector<double> z;
  for (int64_t t = 0; t < 21 * 12; ++t) {
    z.push_back(Pattern(t));
  }
  const std::vector<int> both{7, 21}, one{7};
  double error_both = 0, error_one = 0;
  for (const bool longer : {true, false}) {
    Smoothing model(z, 0, longer ? both : one, {.level = 0.05, .season = 0.2, .fade = 0});
    for (int64_t t = 21 * 12; t < 21 * 24; ++t) {
      double said = 0;
      model.Path(t - 1, std::span(&said, 1));
      (longer ? error_both : error_one) += std::abs(Pattern(t) - said);
      model.Update(t, Pattern(t));
    }
  }
  CHECK(error_both < 0.35 * error_one);
}

TEST_CASE("a season that changes is followed") {
  std::vector<double> z(70, 0.0);
  const std::vector<int> seasons{7};
  Smoothing model(z, 0, seasons, {.level = 0.02, .season = 0.3, .fade = 0});
  for (int64_t t = 70; t < 70 + 7 * 30; ++t) {
    model.Update(t, t % 7 == 3 ? 10 : 0);
  }
  std::vector<double> path(7);
  model.Path(70 + 7 * 30 - 1, path);
  CHECK(path[3] > 8);
  CHECK(path[5] < 2);
}

TEST_CASE("after a change a slow level moves by a tenth of its error, and a fast one as before") {
  const std::vector<double> z(20, 5.0);
  const auto moved = [&](double gain, Memory memory) {
    Smoothing model(z, 0, {}, {.level = gain, .season = 0, .fade = 0});
    model.Update(20, 15, memory);
    return model.level() - 5;
  };
  CHECK(moved(0.01, Memory::kLong) == Approx(0.1));
  CHECK(moved(0.01, Memory::kShort) == Approx(1));
  CHECK(moved(0.6, Memory::kShort) == Approx(6));
}

}  // namespace shadowd::forecast
