#include "forecast/candidates.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace shadowd::forecast {
namespace {

bool Has(const Features& features, int lag) {
  return std::find(features.lags.begin(), features.lags.end(), lag) != features.lags.end();
}

}  // namespace

TEST_CASE("every candidate can be trained on what there is") {
  const auto seasons =
      GENERATE(std::vector<int>{}, std::vector<int>{2}, std::vector<int>{4}, std::vector<int>{24},
               std::vector<int>{24, 168}, std::vector<int>{288, 2016}, std::vector<int>{180});
  for (size_t train = 16; train < 6000; train += 1 + train / 9) {
    const std::vector<Features> all = Candidates(seasons, train);
    CAPTURE(train, seasons);
    REQUIRE_FALSE(all.empty());
    REQUIRE(all.size() <= 3);
    for (const Features& features : all) {
      REQUIRE_FALSE(features.lags.empty());
      REQUIRE(features.lags.front() >= 1);
      REQUIRE(std::is_sorted(features.lags.begin(), features.lags.end()));
      REQUIRE(std::adjacent_find(features.lags.begin(), features.lags.end()) == features.lags.end());
      REQUIRE(train - static_cast<size_t>(features.MaxLag()) >= 3 * features.size());
      for (const Harmonics& h : features.harmonics) {
        REQUIRE(2 * h.count < h.season);  // a sine at half the sampling rate is zero
      }
    }
    for (size_t i = 1; i < all.size(); ++i) {
      REQUIRE_FALSE(all[i] == all[i - 1]);
    }
  }
}

TEST_CASE("with enough data there are models of lags around every season, of harmonics and of means") {
  const std::vector<Features> all = Candidates({24, 168}, 700);
  REQUIRE(all.size() == 3);
  for (const int lag : {1, 23, 24, 25, 167, 168, 169}) {
    CHECK(Has(all[0], lag));
  }
  CHECK(Has(all[0], 6 * 24));
  CHECK_FALSE(Has(all[0], 2 * 168));  // the week before last
  CHECK(all[0].harmonics.empty());
  CHECK(all[1].harmonics == std::vector<Harmonics>{{24, 6}, {168, 6}});
  for (const int lag : {1, 24, 25, 168, 169}) {
    CHECK(Has(all[2], lag));
  }
  const auto has = [&](const Mean& mean) {
    return std::find(all[2].means.begin(), all[2].means.end(), mean) != all[2].means.end();
  };
  CHECK(has({.lag = 1, .width = 9}));                             // of late
  CHECK(has({.lag = 24, .width = 1, .stride = 24, .count = 6}));  // this hour of the last six days
  CHECK(
      has({.lag = 167, .width = 3, .stride = 168, .count = 3}));  // around this hour of the last three weeks
}

TEST_CASE("a lag for which there is no data is left out") {
  const std::vector<Features> all = Candidates({24, 168}, 120);
  REQUIRE_FALSE(all.empty());
  CHECK(Has(all[0], 24));
  CHECK_FALSE(Has(all[0], 168));
}

TEST_CASE("without a season the lags reach back half a day of two-hour steps, the means several days") {
  const std::vector<Features> all = Candidates({}, 300);
  REQUIRE(all.size() == 2);
  CHECK(all[0].lags == std::vector<int>{1, 2, 3, 4, 6, 8, 12});
  CHECK(all[1].lags == std::vector<int>{1, 2});
  CHECK(all[1].means.back() == Mean{.lag = 1, .width = 27});
}

TEST_CASE("what reaches back farthest is given up first where there is little data") {
  const std::vector<Features> all = Candidates({24}, 110);
  const Features& means = all.back();
  REQUIRE_FALSE(means.means.empty());
  CHECK(std::find(means.means.begin(), means.means.end(), Mean{.lag = 1, .width = 9}) != means.means.end());
  CHECK(means.MaxLag() + 3 * static_cast<int>(means.size()) + 8 <= 110);
}

}  // namespace shadowd::forecast
