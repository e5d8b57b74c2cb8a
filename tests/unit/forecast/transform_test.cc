#include "forecast/transform.h"

#include <catch2/catch.hpp>
#include <limits>
#include <vector>

namespace shadowd::forecast {
namespace {

constexpr float kGap = std::numeric_limits<float>::quiet_NaN();

// 1, 2, ... 100: two in a hundred lie below 3, half below 51.
std::vector<float> OneToHundred() {
  std::vector<float> demand;
  for (int v = 100; v >= 1; --v) {
    demand.push_back(static_cast<float>(v));
  }
  return demand;
}

}  // namespace

TEST_CASE("demand well above zero is modelled as its logarithm with a floor far below it") {
  CHECK(ChooseTransform(OneToHundred()) == Transform{.log = true, .floor = 0.75});
}

TEST_CASE("demand that is often zero, or close to it, is modelled as it is") {
  std::vector<float> demand = OneToHundred();
  const float rare = GENERATE(0.0F, 1.0F);  // 1 is less than 3 % of the median
  for (size_t i = 0; i < 3; ++i) {
    demand[i] = rare;
  }
  CHECK(ChooseTransform(demand).log == false);
  CHECK(ChooseTransform(std::vector<float>(50, 0.0F)) == Transform{});
}

TEST_CASE("a short outage and gaps do not decide the transform") {
  std::vector<float> demand(200, 80.0F);
  demand[17] = demand[18] = 0;
  demand[30] = demand[31] = demand[32] = kGap;
  CHECK(ChooseTransform(demand) == Transform{.log = true, .floor = 20});
}

TEST_CASE("without any demand the transform is the identity") {
  CHECK(ChooseTransform({}) == Transform{});
  CHECK(ChooseTransform(std::vector<float>{kGap, kGap}) == Transform{});
}

TEST_CASE("what goes forward comes back, and below the floor comes back as the floor") {
  const Transform log{.log = true, .floor = 0.5};
  const double rps = GENERATE(0.5, 0.6, 1.0, 37.5, 12'345.678, 3e9);
  CHECK(log.Backward(log.Forward(rps)) == Approx(rps).epsilon(1e-12));
  CHECK(Transform{}.Backward(Transform{}.Forward(rps)) == rps);
  CHECK(log.Backward(log.Forward(0.0)) == Approx(0.5));
  CHECK(Transform{}.Backward(Transform{}.Forward(0.0)) == 0);
}

TEST_CASE("a lower limit holds for demand below the floor exactly when it does in the models' scale") {
  const Transform log{.log = true, .floor = 8};
  const double z = std::log(GENERATE(0.1, 4.0, 8.0, 8.1, 20.0));
  for (const double rps : {0.0, 0.3, 7.9, 8.0, 8.05, 15.0, 30.0}) {
    CHECK((rps >= log.BackwardLower(z)) == (log.Forward(rps) >= z));
  }
  CHECK(Transform{}.BackwardLower(3.5) == 3.5);
  CHECK(Transform{}.BackwardLower(-3.5) == 0);
}

TEST_CASE("nothing comes back negative, infinite or out of order") {
  const Transform transform = GENERATE(Transform{}, Transform{.log = true, .floor = 2});
  double before = -1;
  for (const double z : {-1e6, -50.0, -1.0, 0.0, 1.0, 50.0, 1e6}) {
    const double rps = transform.Backward(z);
    CHECK(std::isfinite(rps));
    CHECK(rps >= 0);
    CHECK(rps >= before);
    before = rps;
  }
}

TEST_CASE("the quick logarithm is the logarithm, to the precision of a float") {
  for (double x = 1e-30; x < 1e30; x *= 1.0137) {
    const auto rps = static_cast<float>(x);
    const double exact = std::log(static_cast<double>(rps));
    REQUIRE(static_cast<double>(QuickLog(rps)) == Approx(exact).epsilon(2e-7).margin(2e-7));
  }
  CHECK(QuickLog(1.0F) == 0);
}

}  // namespace shadowd::forecast
