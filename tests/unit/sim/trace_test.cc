#include "sim/trace.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "require_ok.h"

namespace shadowd::sim {
namespace {

using namespace std::chrono_literals;

WallTime At(double seconds) {
  return WallTime(1'700'000'000s + FromSeconds(seconds));
}

std::vector<TraceSample> Even(size_t count, double step_seconds, double rps) {
  std::vector<TraceSample> samples;
  for (size_t i = 0; i < count; ++i) {
    samples.push_back({At(static_cast<double>(i) * step_seconds), rps});
  }
  return samples;
}

TraceOptions Options() {
  TraceOptions options;
  options.name = "t.csv";
  options.step = 10s;
  options.shortest = 1min;
  return options;
}

void CheckRefused(const std::vector<TraceSample>& samples, const TraceOptions& options,
                  const std::string& words) {
  const Status status = MakeTrace(samples, options).status();
  INFO(status.ToString());
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(std::string(status.message()).find(words) != std::string::npos);
  CHECK(FieldOf(status) == "trace");
}

TEST_CASE("a step is the mean of the samples in it") {
  std::vector<TraceSample> samples = Even(8, 10, 5);
  samples.insert(samples.begin() + 2, {At(13), 11});
  const StatusOr<Trace> trace = MakeTrace(samples, Options());
  REQUIRE_OK(trace);
  CHECK(trace->start == At(0));
  CHECK(trace->demand_rps == std::vector<double>{5, 8, 5, 5, 5, 5, 5, 5});
}

TEST_CASE("short gaps are bridged by a line and longer ones stay gaps") {
  TraceOptions options = Options();
  options.gap_share_max = 0.7;
  options.bridge = 45s;
  const std::vector<TraceSample> samples = {{At(5), 0}, {At(45), 40}, {At(105), 100}, {At(115), 100}};
  const StatusOr<Trace> trace = MakeTrace(samples, options);
  REQUIRE_OK(trace);
  REQUIRE(trace->demand_rps.size() == 12);
  CHECK(trace->demand_rps[0] == 0);
  CHECK(trace->demand_rps[1] == Approx(15));  // the middle of the step, counted from the first sample
  CHECK(trace->demand_rps[3] == Approx(35));
  CHECK(trace->demand_rps[4] == 40);
  for (size_t i = 5; i < 10; ++i) {
    CHECK(std::isnan(trace->demand_rps[i]));
  }
  CHECK(trace->demand_rps[11] == 100);
}

TEST_CASE("coarse samples become fine steps, rows without a value become gaps when they are many") {
  std::vector<TraceSample> samples = Even(100, 60, 5);
  for (size_t i = 50; i < 60; ++i) {
    samples[i].rps = std::nan("");
  }
  samples[20].rps = std::nan("");
  const StatusOr<Trace> trace = MakeTrace(samples, Options());
  REQUIRE_OK(trace);
  CHECK(trace->demand_rps.size() == 99 * 6 + 1);
  const auto gaps = std::count_if(trace->demand_rps.begin(), trace->demand_rps.end(),
                                  [](double v) { return std::isnan(v); });
  CHECK(gaps == 11 * 6 - 1);  // between the samples at 49 and 60; the lone one at 20 is bridged
}

TEST_CASE("bad samples are refused with the reason and the row") {
  const double infinity = std::numeric_limits<double>::infinity();
  std::vector<TraceSample> samples = Even(20, 10, 5);
  samples[3].rps = -1;
  CheckRefused(samples, Options(), "trace \"t.csv\": sample 4: the value -1 is negative");
  samples[3].rps = infinity;
  CheckRefused(samples, Options(), "sample 4: the value is infinite");
  samples[3].rps = 1e12;
  CheckRefused(samples, Options(), "are the units right?");
  samples[3] = {samples[2].at, 5};
  CheckRefused(samples, Options(), "sample 4: the time 1700000020 s occurs twice");
  samples[3] = {samples[1].at - 1s, 5};
  CheckRefused(samples, Options(), "sort them");
}

TEST_CASE("traces that say too little are refused") {
  CheckRefused({}, Options(), "0 samples have a value");
  CheckRefused(Even(3, 10, 5), Options(), "at least 0.0167 h are needed");
  CheckRefused(Even(20, 10, 0), Options(), "zero throughout");
  std::vector<TraceSample> holes = Even(40, 10, 5);
  for (size_t i = 10; i < 30; ++i) {
    holes[i].rps = std::nan("");
  }
  CheckRefused(holes, Options(), "50 % of it is gaps (at most 20 % may be)");
  std::vector<TraceSample> micros = Even(20, 1e9, 5);  // times in other units
  CheckRefused(micros, Options(), "are its times seconds?");
}

TEST_CASE("a trace is scaled to a peak") {
  Trace trace;
  trace.demand_rps = {1, std::nan(""), 4};
  const StatusOr<Trace> scaled = ScaledToPeak(trace, 2000);
  REQUIRE_OK(scaled);
  CHECK(scaled->demand_rps[0] == 500);
  CHECK(std::isnan(scaled->demand_rps[1]));
  CHECK(scaled->demand_rps[2] == 2000);
  for (const double peak : {0.0, -1.0, std::nan(""), 1e12}) {
    CHECK(FieldOf(ScaledToPeak(trace, peak).status()) == "peak");
  }
  trace.demand_rps = {0, 0};
  CHECK_FALSE(ScaledToPeak(trace, 10).ok());
}

TEST_CASE("history and play follow each other") {
  Trace trace;
  trace.start = At(0);
  trace.step = 15s;
  trace.demand_rps = {1, 2, 3, 4, 5};
  const StatusOr<TraceSplit> split = SplitTrace(trace);
  REQUIRE_OK(split);
  CHECK(split->history.demand_rps == std::vector<double>{1, 2});
  CHECK(split->play.demand_rps == std::vector<double>{3, 4, 5});
  CHECK(split->play.start == At(30));
  CHECK(SplitTrace(trace, 0)->history.demand_rps.empty());
  CHECK(FieldOf(SplitTrace(trace, 1).status()) == "history_share");
  CHECK_FALSE(SplitTrace(trace, -0.1).ok());
  trace.demand_rps.clear();
  CHECK_FALSE(SplitTrace(trace, 0).ok());
}

TEST_CASE("flash crowds ramp, shifts stay, gaps are filled by what was before") {
  Trace play;
  play.step = 60s;
  play.demand_rps.assign(100, 100);
  play.demand_rps[3] = std::nan("");
  const std::vector<SceneEvent> events = {{SceneEventKind::kFlash, 10min, 3, 20min},
                                          {SceneEventKind::kDeploy, 40min, 1.3, {}},
                                          {SceneEventKind::kShift, 50min, 0.5, {}}};
  const Trace out = WithEvents(play, events);
  CHECK(out.demand_rps[3] == 100);
  CHECK(out.demand_rps[9] == 100);
  CHECK(out.demand_rps[11] == Approx(100 * (1 + 2 * 1.5 / 4)));  // a minute and a half up a ramp of four
  CHECK(out.demand_rps[20] == Approx(300));
  CHECK(out.demand_rps[28] == Approx(100 * (1 + 2 * 1.5 / 4)));
  CHECK(out.demand_rps[31] == 100);
  CHECK(out.demand_rps[60] == 50);
  CHECK(CostFactor(events, 39min) == 1);
  CHECK(CostFactor(events, 40min) == 1.3);
}

TEST_CASE("noisy demand has the variance of a Poisson count") {
  Rng rng(1);
  for (const double rps : {0.0, 0.5, 200.0}) {
    double sum = 0, squares = 0;
    constexpr int kCount = 20'000;
    for (int i = 0; i < kCount; ++i) {
      const double count = 10 * NoisyDemand(rps, 10s, rng);
      sum += count / kCount;
      squares += count * count / kCount;
    }
    CHECK(sum == Approx(10 * rps).epsilon(0.02));
    CHECK(squares - sum * sum == Approx(10 * rps).epsilon(0.06));
  }
}

}  // namespace
}  // namespace shadowd::sim
