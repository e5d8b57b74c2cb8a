#include "sim/invariants.h"

#include <catch2/catch.hpp>

#include "sim/day_callers.h"

using namespace shadowd;
using namespace shadowd::sim;

namespace {

const model::ServiceId kShop("shop");

// A watched world in which nothing happens: what the tests tell the rules is made up.
struct Watched {
  Watched() : world(Options()), rules(kShop) { rules.Watch(world); }
  static WorldOptions Options() {
    WorldOptions options;
    options.demand_rps = [](double) { return 10.0; };
    options.versions["1"] = PlantOptions();
    return options;
  }
  std::vector<std::string> Broken() const {
    std::vector<std::string> names;
    for (const Violation& violation : rules.violations()) {
      names.push_back(violation.rule);
    }
    return names;
  }
  void Change(ports::Change change) { rules.OnChange({kShop, std::move(change)}); }

  World world;
  Invariants rules;
};

model::Service ServiceAt(int target, model::Mode mode) {
  model::Service service;
  service.spec = DaySpec();
  service.spec.mode = mode;
  service.target = target;
  return service;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a target moves only in ACT and within the bounds") {
  Watched watched;
  watched.Change(ServiceAt(4, model::Mode::kAct));
  watched.Change(ServiceAt(4, model::Mode::kObserve));
  CHECK(watched.Broken().empty());
  watched.Change(ServiceAt(5, model::Mode::kAdvise));
  watched.Change(ServiceAt(17, model::Mode::kAct));
  CHECK(watched.Broken() == Names{"mode", "bounds"});
}

TEST_CASE("an effect without its durable intent, and a key that is done twice, are seen") {
  Watched watched;
  ports::StopReplica stop;
  stop.key = model::IntentKey("shop-i1/STOP_REPLICA/2");
  stop.replica = model::ReplicaId("shop-i1");
  watched.rules.OnEffect({kShop, stop});
  CHECK(watched.Broken() == Names{"intent-first"});
  watched.rules.OnEffect({kShop, stop});
  CHECK(watched.Broken() == Names{"intent-first", "intent-first", "key-twice"});
}

TEST_CASE("one trial is open at a time, and none twice") {
  Watched watched;
  model::Trial one, two;
  one.id = model::TrialId("shop-t1");
  two.id = model::TrialId("shop-t2");
  watched.Change(one);
  watched.Change(two);
  CHECK(watched.Broken() == Names{"one-open-trial"});
  one.state = model::TrialState::kSettled;
  watched.Change(one);
  two.state = model::TrialState::kSettled;
  watched.Change(two);
  CHECK(watched.Broken().size() == 1);
  two.state = model::TrialState::kMeasuring;
  watched.Change(two);
  CHECK(watched.Broken().back() == "trial-ends-once");
}

TEST_CASE("numbers rise, and a decision is entered once, then closed with the same bill") {
  Watched watched;
  watched.Change(ports::SequenceSet{4});
  watched.Change(ports::SequenceSet{5});
  watched.Change(ports::SequenceSet{5});
  model::LedgerEntry entry;
  entry.decision = model::DecisionId("shop-d1");
  watched.Change(entry);
  watched.Change(entry);
  CHECK(watched.Broken() == Names{"numbers-rise"});
  watched.Change(entry);
  CHECK(watched.Broken() == Names{"numbers-rise", "ledger-once"});
  entry.decision = model::DecisionId("shop-d2");
  watched.Change(entry);
  entry.shadow_seconds = 5;
  watched.Change(entry);
  CHECK(watched.Broken().back() == "ledger-once");
}

TEST_CASE("a caller gets one answer, in the step that asked or, for a model, in a later one") {
  Watched watched;
  const ports::Event asked{kShop, ports::CancelTrial{}, 7, "test"};
  ports::Outcome none, one;
  one.replies.push_back({7, ports::ReplyValue()});
  watched.rules.OnStep(asked, watched.world.now(), one);
  CHECK(watched.Broken().empty());
  const ports::Event retrain{kShop, ports::Retrain{}, 8, "test"};
  const ports::Event fitted{kShop, ports::ForecastFitted{}, 0, "test"};
  ports::Outcome later;
  later.replies.push_back({8, ports::ReplyValue()});
  watched.rules.OnStep(retrain, watched.world.now(), none);
  watched.rules.OnStep(fitted, watched.world.now(), later);
  CHECK(watched.Broken().empty());
  watched.rules.OnStep(fitted, watched.world.now(), later);  // again
  CHECK(watched.Broken() == Names{"one-answer"});
  watched.rules.OnStep(asked, watched.world.now(), none);
  CHECK(watched.Broken().size() == 2);
}
