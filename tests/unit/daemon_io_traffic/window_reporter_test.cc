#include "daemon/io/window_reporter.h"

#include <absl/synchronization/mutex.h>

#include <catch2/catch.hpp>

using namespace shadowd;
using namespace shadowd::io;

namespace {

const model::ReplicaId kShadow("web-d1-t-a0-s0");

// What one window says after the shadow's counters went from `was` to `is`.
model::KpiWindow Between(const Usage& was, const Usage& is) {
  absl::Mutex mutex;
  std::vector<Usage> usages = {is, was};
  std::vector<model::KpiWindow> windows;
  WindowReporter reporter(
      [&](ports::Event event) {
        const absl::MutexLock lock(&mutex);
        windows.push_back(std::get<ports::ShadowWindow>(event.payload).window);
      },
      [&] {
        const absl::MutexLock lock(&mutex);
        const Usage usage = usages.back();
        usages.pop_back();
        return std::vector<Usage>{usage};
      });
  model::KpiWindow window;
  window.cpu_seconds = -1;
  reporter.Post({});
  reporter.Post({{model::ServiceId("web"), kShadow, window}});
  const absl::MutexLock lock(
      &mutex, absl::Condition(
                  +[](std::vector<model::KpiWindow>* done) { return !done->empty(); }, &windows));
  return windows.front();
}

}  // namespace

TEST_CASE("a window holds what was consumed between two readings") {
  const model::KpiWindow window = Between({kShadow, 4, 1e6, 0.5, 3}, {kShadow, 4.25, 2e6, 0.75, 5});
  CHECK(window.cpu_seconds == Approx(0.25));
  CHECK(window.memory_bytes == 2e6);
  CHECK(window.run_delay_seconds == Approx(0.25));
  CHECK(window.throttled_periods == 2);
}

TEST_CASE("after a counter began anew the CPU is unknown, not zero, and waiting is not forgotten") {
  const model::KpiWindow window = Between({kShadow, 40, 1e6, 5, 30}, {kShadow, 0.2, 2e6, 0.6, 4});
  CHECK(window.cpu_seconds < 0);
  CHECK(window.run_delay_seconds == Approx(0.6));
  CHECK(window.throttled_periods == 4);
}

TEST_CASE("what cannot be read stays unknown") {
  CHECK(Between({kShadow, -1, -1, 0, 0}, {kShadow, 3, 2e6, 0, 0}).cpu_seconds < 0);
  CHECK(Between({kShadow, 3, 1e6, 0, 0}, {kShadow, -1, 2e6, 0, 0}).cpu_seconds < 0);
}
