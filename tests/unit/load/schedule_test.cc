#include "load/schedule.h"

#include <cmath>

#include "base/rng.h"
#include "require_ok.h"

namespace shadowd::load {
namespace {

using namespace std::chrono_literals;

struct Run {
  std::vector<double> sends;  // seconds, copies and synthetic ones
  int mirrored = 0;
  int synthetic = 0;
};

// Drives a schedule as the sender does: copies come Poisson at `mirrored_rate`, everything goes out when it
// is due.
Run Drive(Schedule& schedule, double from, double to, double mirrored_rate, Rng& rng) {
  Run run;
  int waiting = 0;
  double next_copy = mirrored_rate > 0 ? from + rng.Exponential(1 / mirrored_rate) : 1e9;
  for (double at = from; at < to;) {
    const MonoTime now{FromSeconds(at)};
    const std::optional<MonoTime> next = schedule.Next(now);
    const double due = next ? ToSeconds(next->time_since_epoch()) : 1e9;
    if (due <= at) {
      schedule.Pop();
      const bool copy = waiting > 0;
      waiting -= copy ? 1 : 0;
      ++(copy ? run.mirrored : run.synthetic);
      run.sends.push_back(due);
    } else if (next_copy <= at) {
      schedule.OnMirrored();
      if (schedule.slots()) {
        ++waiting;
      } else {
        ++run.mirrored;
        run.sends.push_back(next_copy);
      }
      next_copy += rng.Exponential(1 / mirrored_rate);
    } else {
      at = std::min({due, next_copy, at + 0.1, to}) + 1e-6;
    }
  }
  return run;
}

TEST_CASE("copies and synthetic requests add up to the target within 2 per cent") {
  const model::Balancing balancing = GENERATE(model::Balancing::kRandom, model::Balancing::kRoundRobin);
  const double mirrored = GENERATE(0.0, 30.0, 120.0, 190.0);
  Schedule schedule({.balancing = balancing, .instances = 4, .seed = 3}, MonoTime{});
  schedule.SetTarget(200, MonoTime{});
  Rng rng(9);
  const Run run = Drive(schedule, 0, 120, mirrored, rng);
  const double rate = static_cast<double>(run.sends.size()) / 120;
  INFO("mirrored " << mirrored);
  CHECK(rate == Approx(200).epsilon(0.02));
  CHECK(run.mirrored / 120.0 == Approx(mirrored).epsilon(0.03).margin(0.5));
}

TEST_CASE("counts behind a random balancer vary like Poisson, behind round robin like Erlang") {
  struct Case {
    model::Balancing balancing;
    double dispersion;
  };
  const auto c =
      GENERATE(values<Case>({{model::Balancing::kRandom, 1.0}, {model::Balancing::kRoundRobin, 0.25}}));
  Schedule schedule({.balancing = c.balancing, .instances = 4, .mirrored_expected = 80, .seed = 3},
                    MonoTime{});
  schedule.SetTarget(200, MonoTime{});
  Rng rng(9);
  const Run run = Drive(schedule, 0, 400, 80, rng);
  constexpr double kCell = 0.1;  // 20 requests
  std::vector<double> cells(static_cast<size_t>(400 / kCell) + 1);
  for (const double send : run.sends) {
    ++cells[static_cast<size_t>(send / kCell)];
  }
  double sum = 0, squares = 0;
  for (const double cell : cells) {
    sum += cell;
    squares += cell * cell;
  }
  const double mean = sum / static_cast<double>(cells.size());
  const double variance = squares / static_cast<double>(cells.size()) - mean * mean;
  CHECK(variance / mean == Approx(c.dispersion).margin(0.12));
}

TEST_CASE("the target may change while running, to nothing and back") {
  Schedule schedule({.seed = 3}, MonoTime{});
  Rng rng(9);
  schedule.SetTarget(100, MonoTime{});
  CHECK(Drive(schedule, 0, 50, 0, rng).synthetic == Approx(5000).epsilon(0.05));
  schedule.SetTarget(0, MonoTime{50s});
  CHECK(Drive(schedule, 50, 60, 0, rng).synthetic == 0);
  schedule.SetTarget(400, MonoTime{60s});
  CHECK(Drive(schedule, 60, 85, 0, rng).synthetic == Approx(10'000).epsilon(0.05));
}

TEST_CASE("without synthetic load the schedule has nothing due") {
  Schedule schedule({.balancing = model::Balancing::kRoundRobin, .synthetic = false}, MonoTime{});
  schedule.SetTarget(100, MonoTime{});
  CHECK_FALSE(schedule.slots());
  CHECK_FALSE(schedule.Next(MonoTime{1s}).has_value());
}

}  // namespace
}  // namespace shadowd::load
