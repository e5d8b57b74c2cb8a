// The replay of a journal against one of a World, in virtual time: what a daemon would have recorded.
#include "sim/replay.h"

#include "forecast/fit.h"
#include "journal/writer.h"
#include "require_ok.h"
#include "sim/demo_world.h"

namespace shadowd::sim {
namespace {

using Catch::Matchers::Contains;

struct Recorded {
  std::string bytes = journal::FileHeader();
  size_t steps = 0;
  size_t last = 0;  // where the last entry begins
  std::vector<std::string> transitions;
};

// The demo's service with three days of history: forecasts, trials, decisions and a scaled production.
Recorded Record(Micros length, control::HostLimits host = {}) {
  Recorded recorded;
  WorldOptions options = DemoOptions(4);
  options.host = host;
  const control::CoreOptions core{.host = host, .services_max = 100};
  recorded.bytes += journal::Encode(journal::Start{"1.2.3", WallTime(), core, false, ""});
  options.on_step = [&recorded](const ports::Event& event, Now now, const ports::Outcome& outcome) {
    recorded.last = recorded.bytes.size();
    recorded.bytes += journal::EncodeStep(event, now, outcome);
    ++recorded.steps;
    for (const ports::Action& action : outcome.actions) {
      if (const auto* log = std::get_if<ports::LogTransition>(&action.effect)) {
        recorded.transitions.push_back(log->line);
      }
    }
  };
  World world(options);
  world.Send({kShop, ports::ApplyService{DemoSpec(model::Mode::kAct, "1"), ""}, 0, "test"});
  world.RunFor(std::chrono::seconds(15));
  world.Send({kShop, ports::ImportHistory(DemoHistory(world, 4)), 0, "test"});
  world.RunFor(length - std::chrono::seconds(15));
  return recorded;
}

const Recorded& Run90() {
  static const Recorded recorded = Record(std::chrono::seconds(90));
  return recorded;
}

TEST_CASE("90 s of a world replay to the bit, fits, trials and transitions included") {
  const Recorded& recorded = Run90();
  const auto replay = ReplayJournal(recorded.bytes);
  REQUIRE_OK(replay);
  REQUIRE_OK(replay->damage);
  INFO((replay->difference ? replay->difference->replayed : ""));
  REQUIRE_FALSE(replay->difference);
  CHECK(replay->build == "1.2.3");
  CHECK(replay->events == recorded.steps);
  CHECK(replay->replayed == recorded.steps);
  CHECK(replay->fits >= 1);
  CHECK(replay->kinds.at("ShadowWindow") > 10);  // a trial ran
  REQUIRE(replay->transitions.size() == recorded.transitions.size());
  for (size_t i = 0; i < recorded.transitions.size(); ++i) {
    CHECK(replay->transitions[i].line == recorded.transitions[i]);
  }
  CHECK(ToSeconds(replay->last->mono - replay->first->mono) > 85);
  WARN(fmt::format("{} events, {} bytes, {:.0f} an event", recorded.steps, recorded.bytes.size(),
                   static_cast<double>(recorded.bytes.size()) / static_cast<double>(recorded.steps)));
}

TEST_CASE("a core with other options differs, and the difference is told with its event") {
  control::CoreOptions none;
  none.host.max_shadows = 0;  // no trial may start
  none.services_max = 100;
  const auto replay = ReplayJournal(Run90().bytes, none);
  REQUIRE_OK(replay);
  REQUIRE(replay->difference);
  CHECK(replay->difference->event == replay->replayed + 1);
  CHECK(replay->difference->event > 10);
  CHECK(replay->events == Run90().steps);  // counted to the end
  CHECK(replay->difference->service == "shop");
  CHECK_FALSE(replay->difference->kind.empty());
  CHECK(replay->difference->recorded == "StartReplica");  // of the trial
  CHECK(replay->difference->replayed != "StartReplica");
}

TEST_CASE("a step whose outcome was another is found where it is") {
  std::string bytes = Run90().bytes.substr(0, Run90().last);
  ports::Outcome outcome;
  outcome.mutations.push_back({kShop, ports::SequenceSet{7}});
  const Now now{MonoTime(std::chrono::hours(1)), WallTime(std::chrono::hours(24 * 365 * 50))};
  bytes += journal::EncodeStep({model::ServiceId(), ports::HostPressure{1e9, 0}, 0, ""}, now, outcome);
  const auto replay = ReplayJournal(bytes);
  REQUIRE_OK(replay);
  REQUIRE(replay->difference);
  CHECK(replay->difference->event == Run90().steps);
  CHECK(replay->difference->kind == "HostPressure");
  CHECK(replay->difference->item == "mutation 1");
  CHECK(replay->difference->recorded == "SequenceSet");
  CHECK(replay->difference->replayed == "nothing");
}

TEST_CASE("a fit that nobody asked for, and one that comes out another way, are differences") {
  auto fit = std::make_shared<forecast::Fit>();
  fit->version = 99;
  const Now now{MonoTime(), WallTime()};
  const std::string bytes = journal::FileHeader() + journal::Encode(journal::Start{}) +
                            journal::EncodeStep({kShop, ports::ForecastFitted{fit}, 0, ""}, now, {});
  const auto replay = ReplayJournal(bytes);
  REQUIRE_OK(replay);
  REQUIRE(replay->difference);
  CHECK(replay->difference->item == "the fit");
  CHECK(replay->difference->recorded == "version 99");
  CHECK(replay->difference->replayed == "no such fit was asked for");
}

TEST_CASE("a torn tail is told and is no difference; damage ends the replay with its offset") {
  const Recorded& recorded = Run90();
  const auto torn = ReplayJournal(std::string_view(recorded.bytes).substr(0, recorded.bytes.size() - 3));
  REQUIRE_OK(torn);
  CHECK_FALSE(torn->difference);
  CHECK(torn->events == recorded.steps - 1);
  CHECK(torn->torn_bytes == recorded.bytes.size() - 3 - recorded.last);

  std::string damaged = recorded.bytes;
  damaged[recorded.last + 20] = static_cast<char>(damaged[recorded.last + 20] ^ 4);
  const auto broken = ReplayJournal(damaged);
  REQUIRE_OK(broken);
  CHECK_FALSE(broken->difference);
  CHECK(broken->replayed == recorded.steps - 1);
  CHECK_THAT(MessageOf(broken->damage), Contains(fmt::format("offset {}: ", recorded.last)));

  CHECK(ReplayJournal("no journal").status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("the freeze of a start, a change of options and the end are replayed too") {
  control::CoreOptions wide;
  wide.services_max = 100;
  std::string bytes =
      journal::FileHeader() + journal::Encode(journal::Start{"1", WallTime(), wide, true, "why"});
  control::Core core(wide);
  core.RestoreFreeze(true, "why");
  const Now now{MonoTime(), WallTime(std::chrono::hours(1))};
  const auto step = [&](const std::string& id) {
    model::ServiceSpec spec = DemoSpec(model::Mode::kObserve, "1");
    spec.id = model::ServiceId(id);
    const ports::Event event{spec.id, ports::ApplyService{spec, ""}, 1, "test"};
    bytes += journal::EncodeStep(event, now, core.Step(event, now));
  };
  step("one");
  control::CoreOptions narrow = wide;
  narrow.services_max = 1;
  core.SetOptions(narrow);
  bytes += journal::Encode(journal::OptionsChanged{narrow});
  step("two");  // refused now
  bytes += journal::Encode(journal::End{now.wall, "the daemon stopped"});
  const auto replay = ReplayJournal(bytes);
  REQUIRE_OK(replay);
  REQUIRE_OK(replay->damage);
  CHECK_FALSE(replay->difference);
  CHECK(replay->replayed == 2);
  CHECK(replay->end == "the daemon stopped");
}

}  // namespace
}  // namespace shadowd::sim
