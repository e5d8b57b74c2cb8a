#include "control/reported_steps.h"

#include <catch2/catch.hpp>

using namespace shadowd;
using namespace shadowd::control;

namespace {

using std::chrono::seconds;
using Steps = std::vector<std::pair<WallTime, double>>;

const WallTime kStart = WallFromMicros(1'704'067'200'000'000);

}  // namespace

TEST_CASE("one sample a step is the step, wherever in it the sample lies") {
  ReportedSteps steps(seconds(15));
  CHECK(steps.Add(kStart + seconds(4), 10) == Steps{{kStart, 10}});
  CHECK(steps.Add(kStart + seconds(19), 20) == Steps{{kStart + seconds(15), 20}});
  CHECK(steps.Add(kStart + seconds(75), 30) == Steps{{kStart + seconds(75), 30}});
}

TEST_CASE("samples of one step are averaged and the last of them completes it") {
  ReportedSteps steps(seconds(15));
  steps.Add(kStart - seconds(1), 5);
  for (int second = 0; second < 14; ++second) {
    CHECK(steps.Add(kStart + seconds(second), second).empty());
  }
  CHECK(steps.Add(kStart + seconds(14), 14) == Steps{{kStart, 7}});
}

TEST_CASE("a step whose last sample is lost is completed by the next") {
  ReportedSteps steps(seconds(15));
  steps.Add(kStart - seconds(5), 5);
  CHECK(steps.Add(kStart, 10).empty());
  CHECK(steps.Add(kStart + seconds(5), 20).empty());
  CHECK(steps.Add(kStart + seconds(15), 40) == Steps{{kStart, 15}});  // ten seconds apart: more may come
  CHECK(steps.Add(kStart + seconds(20), 60).empty());
  CHECK(steps.Add(kStart + seconds(25), 80) == Steps{{kStart + seconds(15), 60}});
}

TEST_CASE("stragglers count for nothing and a clock that was set back is followed") {
  ReportedSteps steps(seconds(15));
  steps.Add(kStart + seconds(60), 10);
  CHECK(steps.Add(kStart + seconds(61), 99).empty());
  CHECK(steps.Add(kStart + seconds(50), 99).empty());
  CHECK(steps.Add(kStart - seconds(3600), 12) == Steps{{kStart - seconds(3600), 12}});
  CHECK(steps.Add(kStart - seconds(3585), 13) == Steps{{kStart - seconds(3585), 13}});
}
