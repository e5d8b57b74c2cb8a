#include "lab/rate_search.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/rng.h"

namespace shadowd::lab {
namespace {

// A target that is over its limit with a share that grows with the rate: 5 % just at `capacity`.
void Play(RateSearch& search, double capacity, uint64_t seed, double steepness = 8) {
  Rng rng(seed);
  while (const auto next = search.NextRun()) {
    const auto requests = static_cast<uint64_t>(next->rate * next->seconds);
    const double share = std::min(1.0, 0.05 * std::pow(next->rate / capacity, steepness));
    uint64_t over = 0;
    for (uint64_t i = 0; i < requests; ++i) {
      over += rng.Uniform() < share ? 1 : 0;
    }
    search.Add(requests, over);
  }
}

}  // namespace

TEST_CASE("the search ends just below what the target holds, seldom above") {
  int above = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    RateSearch search({});
    Play(search, 730, seed);
    CHECK(search.held() > 0.8 * 730);
    CHECK(search.held() < 1.05 * 730);
    above += search.held() > 730 ? 1 : 0;
    CHECK(*search.failed() / search.held() <= 1.05);
  }
  CHECK(above <= 15);
}

TEST_CASE("few requests: far from the edge a short run is enough") {
  RateSearch search({});
  Play(search, 730, 1);
  uint64_t requests = 0;
  for (const SearchRun& run : search.runs()) {
    requests += run.requests;
  }
  CHECK(requests < 100'000);
  CHECK(search.runs()[0].requests <= 200);
}

TEST_CASE("a target that holds everything is asked for no more than the ceiling") {
  RateSearch::Options options;
  options.highest = 300;
  RateSearch search(options);
  while (search.NextRun()) {
    CHECK(search.NextRun()->rate <= 300);
    search.Add(1000, 0);
  }
  CHECK(search.held() == 300);
  CHECK_FALSE(search.failed());
}

TEST_CASE("a target that never answers holds nothing, and the search ends") {
  RateSearch search({});
  while (search.NextRun()) {
    search.Add(200, 200);
  }
  CHECK(search.held() == 0);
  CHECK(search.runs().size() < 10);
}

TEST_CASE("a run that says nothing is repeated longer, then counts as failing") {
  RateSearch search({});
  const double seconds = search.NextRun()->seconds;
  search.Add(200, 10);
  REQUIRE(search.NextRun());
  CHECK(search.NextRun()->rate == 10);
  CHECK(search.NextRun()->seconds == Approx(3 * seconds));
  while (search.NextRun()->rate == 10) {
    search.Add(200, 10);
  }
  CHECK(*search.failed() == 10);
}

}  // namespace shadowd::lab
