// What the analysis costs the control loop: a fit of the capacity curve, a prediction, a verdict over all
// arms, and how many seconds of windows a trial needs. --json prints one object.
#include <fmt/format.h>

#include <chrono>
#include <cstring>
#include <vector>

#include "analysis/engine.h"
#include "unit/sim/plant_run.h"

namespace {

using namespace shadowd;

template <typename Work>
double SecondsEach(int times, Work work) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i) {
    work();
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() / times;
}

struct Trial {
  double verdict_seconds = 0;  // of CPU, one question to the engine
  int windows = 0;             // until settled, warm-up included
};

Trial RunTrial(const std::vector<model::CapacityPoint>& history, const capacity::Curve& curve) {
  std::vector<model::Arm> arms;
  std::vector<std::vector<model::KpiWindow>> windows;
  for (const int level : {4, 5, 6}) {
    model::Arm arm;
    arm.level = level;
    arm.load_rps = 540.0 / level;
    arm.predicted = curve.Predict(arm.load_rps);
    windows.push_back(sim::RunPlant(sim::DemoPlant(false), arm.load_rps, 60, static_cast<uint64_t>(level)));
    arms.push_back(arm);
  }
  analysis::EngineOptions options;
  options.history = history;
  options.version = history.front().version;
  analysis::Engine engine(options, arms);
  Trial trial;
  bool settled = false;
  for (; trial.windows < 60 && !settled; ++trial.windows) {
    for (size_t arm = 0; arm < arms.size(); ++arm) {
      engine.AddShadowWindow(arm, windows[arm][static_cast<size_t>(trial.windows)]);
    }
    settled = engine.Settled();
  }
  trial.verdict_seconds = SecondsEach(20, [&] { (void)engine.Verdicts(false); });
  return trial;
}

}  // namespace

int main(int argc, char** argv) {
  const bool json = argc > 1 && std::strcmp(argv[1], "--json") == 0;
  const auto history = sim::ProductionPoints(sim::DemoPlant(false), 30, 130, 200, 5, 1, "1");
  const WallTime now = sim::At(300);
  capacity::Curve curve;
  const double fit = SecondsEach(20, [&] { curve = capacity::Curve::Fit(history, "1", now); });
  const double predict = SecondsEach(200, [&] { (void)curve.Predict(140); });
  const double level = SecondsEach(200, [&] { (void)curve.SmallestLevel(540, {}, 1, 20, 0.9); });
  const Trial trial = RunTrial(history, curve);
  if (json) {
    fmt::print(
        "{{\"fit_ms\": {:.3f}, \"predict_us\": {:.1f}, \"level_us\": {:.1f}, \"verdicts_ms\": {:.3f}, "
        "\"windows_to_settle\": {}}}\n",
        fit * 1e3, predict * 1e6, level * 1e6, trial.verdict_seconds * 1e3, trial.windows);
  } else {
    fmt::print("fit of {} points {:.2f} ms, prediction {:.0f} us, level {:.0f} us\n", history.size(),
               fit * 1e3, predict * 1e6, level * 1e6);
    fmt::print("verdicts of three arms {:.2f} ms, trial settled after {} s\n", trial.verdict_seconds * 1e3,
               trial.windows);
  }
  return 0;
}
