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

TEST_CASE("with enough data there are models of lags around every season and one of harmonics") {
  const std::vector<Features> all = Candidates({24, 168}, 700);
  REQUIRE(all.size() == 3);
  for (size_t i = 0; i < 2; ++i) {
    for (const int lag : {1, 23, 24, 25, 167, 168, 169}) {
      CHECK(Has(all[i], lag));
    }
    CHECK(all[i].harmonics.empty());
  }
  CHECK(Has(all[1], 6 * 24));
  CHECK_FALSE(Has(all[1], 2 * 168));  // the week before last
  CHECK(all[2].harmonics == std::vector<Harmonics>{{24, 6}, {168, 6}});
}

TEST_CASE("a lag for which there is no data is left out") {
  const std::vector<Features> all = Candidates({24, 168}, 120);
  REQUIRE_FALSE(all.empty());
  CHECK(Has(all[0], 24));
  CHECK_FALSE(Has(all[0], 168));
}

TEST_CASE("without a season the lags reach back half a day of two-hour steps") {
  const std::vector<Features> all = Candidates({}, 300);
  REQUIRE(all.size() == 2);
  CHECK(all[0].lags == std::vector<int>{1, 2, 3});
  CHECK(all[1].lags == std::vector<int>{1, 2, 3, 4, 6, 8, 12});
}

}  // namespace shadowd::forecast
