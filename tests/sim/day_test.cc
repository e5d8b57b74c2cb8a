// Seeded days of one service in which everything goes wrong that the ports allow, and the rules that must
// hold all the same. A failure prints its seed; SHADOWD_SEED=N plays only that day, on both stores.
#include "sim/day.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <memory>
#include <optional>

#include "sim/sqlite_memory.h"

using namespace shadowd;
using namespace shadowd::sim;

namespace {

struct Totals {
  int days = 0, deaths = 0, trials = 0, decisions = 0, starts = 0;
  uint64_t disk_refusals = 0;
};

void Play(uint64_t seed, bool sqlite, LoadTable& table, Totals& totals) {
  DayOptions options;
  options.seed = seed;
  if (sqlite) {
    options.memory = std::make_shared<SqliteMemory>();
  }
  const DayReport report = PlayDay(options, table);
  INFO(Describe(options, report) << "play it again with SHADOWD_SEED=" << seed);
  CHECK(report.violations.empty());
  ++totals.days;
  totals.deaths += report.deaths;
  totals.trials += report.trials;
  totals.decisions += report.decisions;
  totals.starts += report.starts;
  totals.disk_refusals += report.disk_refusals;
}

std::optional<uint64_t> OnlySeed() {
  const char* seed = std::getenv("SHADOWD_SEED");
  return seed == nullptr ? std::nullopt : std::optional<uint64_t>(std::strtoull(seed, nullptr, 10));
}

// Days from..to; every `on_disk`-th with the daemon's store.
void PlayDays(uint64_t from, uint64_t to, uint64_t on_disk) {
  LoadTable table = DayTable();
  Totals totals;
  if (const std::optional<uint64_t> seed = OnlySeed()) {
    Play(*seed, false, table, totals);
    Play(*seed, true, table, totals);
    return;
  }
  for (uint64_t seed = from; seed <= to; ++seed) {
    Play(seed, seed % on_disk == 0, table, totals);
  }
  // The days are worth their name.
  CHECK(totals.deaths > 5 * totals.days);
  CHECK(totals.trials > 3 * totals.days);
  CHECK(totals.decisions > 10 * totals.days);
  CHECK(totals.starts > 50 * totals.days);
  CHECK(totals.disk_refusals > static_cast<uint64_t>(totals.days));
}

}  // namespace

TEST_CASE("seeded days in which everything goes wrong keep every rule") {
  PlayDays(1, 300, 25);
}

TEST_CASE("a thousand further days keep every rule, or as many as SHADOWD_DAYS says", "[slow]") {
  const char* days = std::getenv("SHADOWD_DAYS");
  PlayDays(10'001, 10'000 + (days != nullptr ? std::strtoull(days, nullptr, 10) : 1000), 50);
}

TEST_CASE("the same seed gives the same day") {
  LoadTable table = DayTable();
  DayOptions options;
  options.seed = 7;
  options.length = std::chrono::hours(4);
  const DayReport first = PlayDay(options, table);
  const DayReport second = PlayDay(options, table);
  CHECK(first.steps == second.steps);
  CHECK(first.journal == second.journal);
  CHECK(first.journal.size() > 10);
}

TEST_CASE("a day without faults and callers breaks nothing and is quiet") {
  LoadTable table = DayTable();
  DayOptions options;
  options.faults = {
      .spells_per_hour = 0, .blows_per_hour = {}, .dies_after_commit = 0, .always = 0, .shaky = 0};
  options.calls_per_hour = 1e-6;
  options.call_in_trial = 0;
  const DayReport report = PlayDay(options, table);
  INFO(Describe(options, report));
  CHECK(report.violations.empty());
  CHECK(report.deaths == 0);
  CHECK(report.disk_refusals == 0);
  CHECK(report.decisions > 3);
}
