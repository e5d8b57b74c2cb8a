#include "sim/day.h"

#include <catch2/catch.hpp>

#include "sim/day_callers.h"

using namespace shadowd;
using namespace shadowd::sim;

namespace {

// A memory that forgets what was committed last, as a store that acknowledges too early would.
class Forgetful : public Memory {
 public:
  void Commit(const std::vector<ports::Mutation>& mutations) override {
    for (const ports::Mutation& mutation : held_) {
      kept_[mutation.service].Put(mutation.change);
    }
    held_ = mutations;
  }
  Recalled Reopen(WallTime) override {
    Recalled recalled;
    held_.clear();
    for (const auto& [id, kept] : kept_) {
      if (kept.service) {
        recalled.services.push_back(kept.Restore());
      }
    }
    return recalled;
  }

 private:
  std::map<model::ServiceId, Kept> kept_;
  std::vector<ports::Mutation> held_;
};

}  // namespace

TEST_CASE("a day reports what it did, and describes itself with its seed") {
  LoadTable table = DayTable();
  DayOptions options;
  options.seed = 3;
  options.length = std::chrono::hours(3);
  const DayReport report = PlayDay(options, table);
  const std::string text = Describe(options, report);
  INFO(text);
  CHECK(report.violations.empty());
  CHECK(report.decisions > 0);
  CHECK(text.starts_with("seed 3:"));
  CHECK(report.journal.size() <= options.journal_lines);
}

TEST_CASE("a store that loses what it acknowledged is found out") {
  LoadTable table = DayTable();
  int found = 0;
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    DayOptions options;
    options.seed = seed;
    options.length = std::chrono::hours(12);
    options.memory = std::make_shared<Forgetful>();
    const DayReport report = PlayDay(options, table);
    found += report.violations.empty() ? 0 : 1;
  }
  CHECK(found == 3);
}

TEST_CASE("callers ask for the service again after a deletion") {
  WorldOptions options;
  options.demand_rps = [](double) { return 10.0; };
  options.versions["1"] = DayPlant();
  World world(options);
  DayCallers callers{Rng(1)};
  callers.KeepApplied(world);
  REQUIRE(world.core().Find(callers.spec().id) != nullptr);
  world.Send({callers.spec().id, ports::DeleteService{}, 0, "test"});
  world.RunFor(std::chrono::minutes(2));
  REQUIRE(world.core().Find(callers.spec().id) == nullptr);
  callers.KeepApplied(world);
  CHECK(world.core().Find(callers.spec().id) != nullptr);
}
