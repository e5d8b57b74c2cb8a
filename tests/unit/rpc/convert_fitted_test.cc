#include "rpc/convert_fitted.h"

#include <catch2/catch.hpp>

namespace shadowd::rpc {
namespace {

TEST_CASE("Fitted models survive the API with all their parts") {
  model::FittedForecast fitted;
  fitted.step = std::chrono::minutes(5);
  fitted.fit = 7;
  fitted.logarithm = true;
  fitted.floor = 0.5;
  fitted.seasons = {288, 2016};
  fitted.linear = {{{1, 2, 288}, {{3, 4, 288, 2}}, {{288, 3}}, 5.25, {0.5, 0.25, -0.125}}};
  fitted.smoothing = {{0.1, 0.2, 0.5, 6.5, -0.25, {{1.5F, -2.5F}}}};
  fitted.errors = {{0.5, 0.25, 0.125, 0.125}, {1, 2, 3, 4}};
  fitted.sigma = 0.75;
  fitted.mase = 0.6;
  fitted.last_step = 5'000'000'123;
  v1::FittedForecast message;
  ToProto(fitted, &message);
  CHECK(message.linear(0).harmonics(0).count() == 3);
  const auto back = FromProto(message);
  REQUIRE(back.ok());
  CHECK(*back == fitted);
}

TEST_CASE("A step that is no length of time names its field") {
  v1::FittedForecast message;
  message.mutable_step()->set_nanos(2'000'000'000);
  const auto read = FromProto(message);
  CHECK(absl::IsInvalidArgument(read.status()));
  CHECK(FieldOf(read.status()).find("step") == 0);
}

}  // namespace
}  // namespace shadowd::rpc
