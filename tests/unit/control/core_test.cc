#include "control/core.h"

#include <catch2/catch.hpp>

#include "require_ok.h"

using namespace shadowd;
using namespace shadowd::control;

namespace {

const Now kNow{MonoTime(std::chrono::hours(1)), WallTime(std::chrono::hours(1000))};

model::ServiceSpec Spec(const std::string& id) {
  model::ServiceSpec spec;
  spec.id = model::ServiceId(id);
  spec.mode = model::Mode::kAdvise;
  spec.bounds = {.min = 1, .max = 4};
  return spec;
}

ports::Outcome Step(Core& core, const std::string& service, ports::Payload payload) {
  return core.Step({model::ServiceId(service), std::move(payload), 7, "uid=0"}, kNow);
}

Status AnswerOf(const ports::Outcome& outcome) {
  REQUIRE(outcome.replies.size() == 1);
  CHECK(outcome.replies[0].token == 7);
  return outcome.replies[0].value.status();
}

template <typename T>
const T* Find(const ports::Outcome& outcome) {
  for (const ports::Mutation& mutation : outcome.mutations) {
    if (const T* found = std::get_if<T>(&mutation.change)) {
      return found;
    }
  }
  return nullptr;
}

}  // namespace

TEST_CASE("the number of services is bounded; those that are there stay as they are") {
  Core core(CoreOptions{.host = {}, .services_max = 1});
  REQUIRE_OK(AnswerOf(Step(core, "web", ports::ApplyService{Spec("web"), ""})));
  CHECK(ReasonOf(AnswerOf(Step(core, "db", ports::ApplyService{Spec("db"), ""}))) == "SERVICE_QUOTA");
  CHECK(core.services() == 1);
  CHECK(core.Find(model::ServiceId("db")) == nullptr);
  REQUIRE_OK(AnswerOf(Step(core, "web", ports::ApplyService{Spec("web"), ""})));
}

TEST_CASE("what is asked of a service that does not exist, or of none, is refused") {
  Core core{CoreOptions()};
  const ports::Outcome nobody = Step(core, "web", ports::Retrain{});
  CHECK(absl::IsNotFound(AnswerOf(nobody)));
  CHECK(nobody.mutations.empty());
  CHECK(core.services() == 0);
  CHECK(ReasonOf(AnswerOf(Step(core, "", ports::Retrain{}))) == "NO_SERVICE");
}

TEST_CASE("a freeze is kept, audited with who asked for it, and answered") {
  Core core{CoreOptions()};
  const ports::Outcome outcome = Step(core, "", ports::Freeze{true, "incident 42"});
  REQUIRE_OK(AnswerOf(outcome));
  const auto* kept = Find<ports::FrozenSet>(outcome);
  REQUIRE(kept != nullptr);
  CHECK(kept->frozen);
  CHECK(kept->reason == "incident 42");
  const auto* audit = Find<model::AuditEntry>(outcome);
  REQUIRE(audit != nullptr);
  CHECK(audit->actor == "uid=0");
  CHECK(audit->method == "Freeze");
  CHECK(Find<model::AuditEntry>(Step(core, "", ports::Freeze{false, ""}))->method == "Unfreeze");
}

TEST_CASE("a proposal is refused while frozen, also by a freeze from before a restart") {
  Core core{CoreOptions()};
  core.RestoreFreeze(true, "incident 42");
  REQUIRE_OK(AnswerOf(Step(core, "web", ports::ApplyService{Spec("web"), ""})));
  ports::ProposeScaling proposal;
  proposal.planned = 3;
  const Status frozen = AnswerOf(Step(core, "web", proposal));
  CHECK(ReasonOf(frozen) == "FROZEN");
  CHECK(MessageOf(frozen).find("incident 42") != std::string::npos);
  Step(core, "", ports::Freeze{false, ""});
  CHECK(ReasonOf(AnswerOf(Step(core, "web", proposal))) == "NO_DATA");
}
