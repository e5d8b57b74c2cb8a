#include "journal/digest.h"

#include <set>

#include "forecast/fit.h"
#include "require_ok.h"
#include "unit/rpc/random_model.h"

namespace shadowd::journal {
namespace {

uint32_t Of(ports::Change change) {
  ports::Outcome outcome;
  outcome.mutations.push_back({model::ServiceId("web"), std::move(change)});
  return DigestOf(outcome).mutations.at(0);
}

TEST_CASE("equal values have equal digests, and a change anywhere another") {
  Rng rng(5);
  model::Trial trial = rpc::RandomTrial(rng);
  trial.arms.resize(2);
  trial.arms[1].verdict.kpis.resize(1);
  const uint32_t before = Of(trial);
  CHECK(Of(trial) == before);
  std::set<uint32_t> seen = {before};
  const auto differs = [&seen](const model::Trial& changed) { return seen.insert(Of(changed)).second; };
  model::Trial other = trial;
  other.arms[1].verdict.kpis[0].delta = 0.1 + 0.2;
  CHECK(differs(other));
  other.arms[1].verdict.kpis[0].delta = 0.3;  // one bit away
  CHECK(differs(other));
  other = trial;
  other.note += " ";
  CHECK(differs(other));
  other = trial;
  other.cost = -0.0;
  trial.cost = 0.0;
  CHECK(Of(other) != Of(trial));
  other = trial;
  std::swap(other.arms[0], other.arms[1]);
  CHECK(differs(other));
}

TEST_CASE("neither sizes nor kinds run together") {
  using model::AuditEntry;
  CHECK(Of(AuditEntry{WallTime(), "ab", "c", "", ""}) != Of(AuditEntry{WallTime(), "a", "bc", "", ""}));
  CHECK(Of(AuditEntry{WallTime(), "a", "", "", ""}) !=
        Of(AuditEntry{WallTime(), std::string("a\0", 2), "", "", ""}));
  CHECK(Of(ports::ServiceRemoved{model::ServiceId("")}) != Of(ports::FrozenSet{false, ""}));
}

TEST_CASE("each item of an outcome has its own digest, with the service and the error in it") {
  ports::Outcome outcome;
  outcome.actions.push_back({model::ServiceId("a"), ports::StopObserving{}});
  outcome.actions.push_back({model::ServiceId("b"), ports::StopObserving{}});
  outcome.replies.push_back({1, NotFound("x")});
  outcome.replies.push_back({1, WithField(NotFound("x"), "f")});
  outcome.replies.push_back({1, ports::ReplyValue()});
  const Digests digests = DigestOf(outcome);
  CHECK(digests.mutations.empty());
  REQUIRE(digests.actions.size() == 2);
  CHECK(digests.actions[0] != digests.actions[1]);
  REQUIRE(digests.replies.size() == 3);
  CHECK(std::set<uint32_t>(digests.replies.begin(), digests.replies.end()).size() == 3);
}

TEST_CASE("the digest of what is to be fitted covers since when demand is as it is now") {
  const auto digest_of = [](std::optional<int64_t> changed_step) {
    auto input = std::make_shared<forecast::FitInput>();
    input->changed_step = changed_step;
    ports::Outcome outcome;
    outcome.actions.push_back({model::ServiceId("a"), ports::FitForecast{input}});
    return DigestOf(outcome).actions.at(0);
  };
  CHECK(digest_of(7) == digest_of(7));
  CHECK(std::set<uint32_t>{digest_of(std::nullopt), digest_of(7), digest_of(8)}.size() == 3);
}

TEST_CASE("the digest of a fit covers the models in it") {
  forecast::Fit fit;
  fit.linear.emplace_back(forecast::Features{.lags = {1, 2}}, 3.0, std::vector<double>{1, 2, 3},
                          std::vector<double>(9, 0.5));
  forecast::Fit other = fit;
  CHECK(DigestOf(other) == DigestOf(fit));
  other.linear[0] =
      forecast::LinearModel(forecast::Features{.lags = {1, 2}}, 3.0, {1, 2, 4}, std::vector<double>(9, 0.5));
  CHECK(DigestOf(other) != DigestOf(fit));
  other = fit;
  other.smoothing.emplace_back(std::vector<double>(9, 1.0), 0, std::vector<int>{3},
                               forecast::SmoothingGains{});
  const uint32_t one = DigestOf(other);
  CHECK(one != DigestOf(fit));
  other.smoothing[0].Update(9, 2);
  CHECK(DigestOf(other) != one);
}

TEST_CASE("the digest of a fit covers its weights and limits") {
  const forecast::Fit fit;
  forecast::Fit other = fit;
  other.weights = forecast::MemberWeights(1, {{1, 2}});
  CHECK(DigestOf(other) != DigestOf(fit));
  other = fit;
  other.limits.peak = forecast::Margin(2);
  CHECK(DigestOf(other) != DigestOf(fit));
  other = fit;
  other.limits.blocks.push_back({forecast::Margin(2), forecast::Margin(3)});
  const uint32_t one = DigestOf(other);
  CHECK(one != DigestOf(fit));
  other.limits.blocks[0].lower = forecast::Margin(2);
  CHECK(DigestOf(other) != one);
  other = fit;
  other.limits.scale.Observe(1, 5, 2);
  CHECK(DigestOf(other) != DigestOf(fit));
}

}  // namespace
}  // namespace shadowd::journal
