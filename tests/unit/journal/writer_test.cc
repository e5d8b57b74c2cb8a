#include "journal/writer.h"

#include <map>
#include <set>

#include "forecast/fit.h"
#include "journal/convert_event.h"
#include "journal/digest.h"
#include "journal/frame.h"
#include "journal/reader.h"
#include "require_ok.h"
#include "sample_events.h"

namespace shadowd::journal {
namespace {

const Now kNow{MonoTime(Micros(1'234'567)), WallFromMicros(1'700'000'000'123'456)};

ports::Outcome SomeOutcome() {
  ports::Outcome outcome;
  outcome.mutations.push_back({model::ServiceId("web"), ports::SequenceSet{7}});
  outcome.actions.push_back({model::ServiceId("web"), ports::LogTransition{"service=web x"}});
  outcome.actions.push_back({model::ServiceId(), ports::ArmTimer{MonoTime(Micros(5))}});
  outcome.replies.push_back({99, NotFound("nothing")});
  return outcome;
}

template <typename T>
T Back(const std::string& frame) {
  // A start must come first.
  const std::string journal = FileHeader() + Encode(Start{}) + frame;
  auto reader = Reader::Open(journal);
  REQUIRE_OK(reader);
  REQUIRE_OK(reader->Next());
  auto entry = reader->Next();
  REQUIRE_OK(entry);
  REQUIRE(entry->has_value());
  REQUIRE(std::holds_alternative<T>(**entry));
  return std::get<T>(**entry);
}

TEST_CASE("every kind of event comes back as it was, with its clocks and what came out") {
  std::set<size_t> kinds;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    for (const ports::Event& event : SampleEvents(seed)) {
      kinds.insert(event.payload.index());
      const std::string frame = EncodeStep(event, kNow, SomeOutcome());
      REQUIRE_FALSE(frame.empty());
      const Step step = Back<Step>(frame);
      INFO("kind " << event.payload.index() << " seed " << seed);
      CHECK(step.now == kNow);
      CHECK(step.event.service == event.service);
      CHECK(step.event.token == event.token);
      CHECK(step.event.actor == event.actor);
      CHECK(Same(step.event.payload, event.payload));
      CHECK(step.out == DigestOf(SomeOutcome()));
      CHECK(step.fit.has_value() == std::holds_alternative<ports::ForecastFitted>(event.payload));
    }
  }
  CHECK(kinds.size() == std::variant_size_v<ports::Payload>);
}

TEST_CASE("a fit is kept as its version and digest") {
  auto fit = std::make_shared<forecast::Fit>();
  fit->version = 31;
  fit->sigma = 0.25;
  const ports::Event event{model::ServiceId("web"), ports::ForecastFitted{fit}, 0, ""};
  const std::string frame = EncodeStep(event, kNow, {});
  CHECK(frame.size() < 60);
  const Step step = Back<Step>(frame);
  REQUIRE(step.fit);
  CHECK(*step.fit == FitMark{31, DigestOf(*fit)});
  CHECK(std::get<ports::ForecastFitted>(step.event.payload).fit == nullptr);
}

TEST_CASE("start, options and end come back as they were") {
  const std::string text("why\xff", 4);
  control::CoreOptions options;
  options.host = {.max_shadows = 3, .memory_reserve_bytes = 0.3, .cpu_pressure_max = 12.5};
  options.services_max = 77;
  const auto same = [&](const control::CoreOptions& other) {
    return other.host.max_shadows == 3 && other.host.memory_reserve_bytes == 0.3 &&
           other.host.cpu_pressure_max == 12.5 && other.services_max == 77;
  };
  CHECK(same(Back<OptionsChanged>(Encode(OptionsChanged{options})).options));

  const End end = Back<End>(Encode(End{kNow.wall, text}));
  CHECK(end.at == kNow.wall);
  CHECK(end.reason == text);

  const std::string journal = FileHeader() + Encode(Start{"1.2.3", kNow.wall, options, true, text});
  auto reader = Reader::Open(journal);
  REQUIRE_OK(reader);
  const auto entry = reader->Next();
  REQUIRE_OK(entry);
  const auto& start = std::get<Start>(**entry);
  CHECK(start.build == "1.2.3");
  CHECK(start.at == kNow.wall);
  CHECK(same(start.options));
  CHECK(start.frozen);
  CHECK(start.freeze_reason == text);
}

}  // namespace
}  // namespace shadowd::journal
