#include "control/service_machine.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "forecast/fit.h"

using namespace shadowd;
using namespace shadowd::control;

namespace {

model::ServiceSpec Spec() {
  model::ServiceSpec spec;
  spec.id = model::ServiceId("web");
  spec.mode = model::Mode::kAct;
  spec.version = "7";
  spec.instance.argv = {"/bin/web", "--port={port}"};
  spec.instance.environment = {{"A", "1"}};
  spec.bounds = {.min = 2, .max = 4};
  spec.haproxy.socket = "/run/haproxy.sock";
  spec.haproxy.backend = "web";
  return spec;
}

template <typename T>
int Count(const ports::Outcome& outcome) {
  int count = 0;
  for (const ports::Action& action : outcome.actions) {
    count += std::holds_alternative<T>(action.effect) ? 1 : 0;
  }
  return count;
}

const Now kNow{MonoTime(std::chrono::hours(1)), WallTime(std::chrono::hours(1000))};

ports::Outcome Apply(ServiceMachine& machine, HostArbiter& host, const model::ServiceSpec& spec,
                     const std::string& etag = "") {
  ports::Outcome outcome;
  machine.Step({spec.id, ports::ApplyService{spec, etag}, 5, "uid=0"}, kNow, host, outcome);
  return outcome;
}

}  // namespace

TEST_CASE(
    "the identity of what runs changes with version, command, environment and directory, and with nothing "
    "else") {
  const model::ServiceSpec spec = Spec();
  const std::string identity = IdentityOf(spec);
  CHECK(identity.starts_with("7~"));
  CHECK(IdentityOf(spec) == identity);
  for (const auto& change : std::vector<std::function<void(model::ServiceSpec&)>>{
           [](auto& s) { s.version = "8"; }, [](auto& s) { s.instance.argv.push_back("-v"); },
           [](auto& s) { s.instance.argv = {"/bin/web--port={port}"}; },
           [](auto& s) { s.instance.environment["A"] = "2"; },
           [](auto& s) { s.instance.working_dir = "/srv"; }}) {
    model::ServiceSpec other = spec;
    change(other);
    CHECK(IdentityOf(other) != identity);
  }
  model::ServiceSpec same = spec;
  same.bounds.max = 9;
  same.instance.port_first = 1;
  CHECK(IdentityOf(same) == identity);
}

TEST_CASE("the first start in ACT brings the minimum up at once and is audited") {
  ServiceMachine machine(model::ServiceId("web"));
  HostArbiter host({});
  const ports::Outcome outcome = Apply(machine, host, Spec());
  CHECK(machine.phase() == Phase::kApplying);
  CHECK(Count<ports::StartReplica>(outcome) == 2);
  CHECK(Count<ports::ObserveProduction>(outcome) == 1);
  int audits = 0, intents = 0;
  for (const ports::Mutation& mutation : outcome.mutations) {
    if (const auto* audit = std::get_if<model::AuditEntry>(&mutation.change)) {
      ++audits;
      CHECK(audit->actor == "uid=0");
    }
    if (const auto* intent = std::get_if<model::Intent>(&mutation.change)) {
      ++intents;
      CHECK(intent->state == model::IntentState::kPending);
    }
  }
  CHECK(audits == 1);
  CHECK(intents == 2);  // each effect has its durable intent in the same step
  REQUIRE(outcome.replies.size() == 1);
  CHECK(outcome.replies[0].token == 5);
}

TEST_CASE("OBSERVE and ADVISE start nothing") {
  for (const model::Mode mode : {model::Mode::kObserve, model::Mode::kAdvise}) {
    ServiceMachine machine(model::ServiceId("web"));
    HostArbiter host({});
    model::ServiceSpec spec = Spec();
    spec.mode = mode;
    const ports::Outcome outcome = Apply(machine, host, spec);
    CHECK(Count<ports::StartReplica>(outcome) == 0);
    CHECK(machine.phase() == Phase::kIdle);
  }
}

TEST_CASE("an update with a stale etag changes nothing") {
  ServiceMachine machine(model::ServiceId("web"));
  HostArbiter host({});
  Apply(machine, host, Spec());
  const std::string etag = machine.service().etag;
  model::ServiceSpec wider = Spec();
  wider.bounds.max = 9;
  const ports::Outcome refused = Apply(machine, host, wider, "stale");
  REQUIRE(refused.replies.size() == 1);
  CHECK(ReasonOf(refused.replies[0].value.status()) == "ETAG_MISMATCH");
  CHECK(machine.service().spec.bounds.max == 4);
  CHECK(refused.mutations.empty());
  const ports::Outcome taken = Apply(machine, host, wider, etag);
  CHECK(taken.replies[0].value.ok());
  CHECK(machine.service().spec.bounds.max == 9);
  CHECK(machine.service().etag != etag);
}

TEST_CASE("a proposal outside the bounds names the field") {
  ServiceMachine machine(model::ServiceId("web"));
  HostArbiter host({});
  model::ServiceSpec spec = Spec();
  spec.mode = model::Mode::kAdvise;
  Apply(machine, host, spec);
  ports::Outcome outcome;
  machine.Step({spec.id, ports::ProposeScaling{9, ""}, 6, ""}, kNow, host, outcome);
  REQUIRE(outcome.replies.size() == 1);
  const Status status = outcome.replies[0].value.status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(FieldOf(status) == "replicas");
}

namespace {

// What the fit that is asked for is made of; nothing where none is.
std::shared_ptr<const forecast::FitInput> FitAsked(const ports::Outcome& outcome) {
  for (const ports::Action& action : outcome.actions) {
    if (const auto* fit = std::get_if<ports::FitForecast>(&action.effect)) {
      return fit->input;
    }
  }
  return nullptr;
}

}  // namespace

TEST_CASE("a fit that is asked for is made of both scales, also where one is underway") {
  ServiceMachine machine(model::ServiceId("web"));
  HostArbiter host({});
  model::ServiceSpec spec = Spec();
  spec.mode = model::Mode::kObserve;  // steps of fifteen seconds
  Apply(machine, host, spec);
  const auto step = [&](auto payload) {
    ports::Outcome outcome;
    machine.Step({spec.id, std::move(payload), 6, "uid=0"}, kNow, host, outcome);
    return FitAsked(outcome);
  };
  const auto fitted = [](const forecast::FitInput& input) {
    return ports::ForecastFitted{std::make_shared<const forecast::Fit>(forecast::FitModels(input))};
  };
  ports::ImportHistory history;
  for (int i = 6 * 240; i > 0; --i) {
    history.demand_rps.emplace_back(kNow.wall - i * std::chrono::seconds(15), 100 + i % 7);
  }
  const auto fine = step(history);
  REQUIRE(fine);
  CHECK(fine->options.step == std::chrono::seconds(15));
  CHECK_FALSE(step(ports::Retrain{}));  // one at a time
  const auto again = step(fitted(*fine));
  REQUIRE(again);  // what was asked for while it ran
  CHECK(again->options.step == std::chrono::seconds(15));
  const auto coarse = step(fitted(*again));
  REQUIRE(coarse);
  CHECK(coarse->options.step == std::chrono::seconds(300));
  ports::Outcome last;
  machine.Step({spec.id, fitted(*coarse), 0, ""}, kNow, host, last);
  CHECK_FALSE(FitAsked(last));
  // Only now is the caller of Retrain told, with the models that were fitted.
  REQUIRE(last.replies.size() == 1);
  CHECK(last.replies[0].token == 6);
  const auto version = std::get<model::ModelVersion>(*last.replies[0].value);
  CHECK(version.cause == model::RetrainCause::kRequested);
  REQUIRE(version.learnt.forecasts.size() == 2);
  CHECK(version.learnt.forecasts[0].step == std::chrono::seconds(15));
  CHECK(version.learnt.forecasts[0].fit == 2);
}

TEST_CASE("a revert makes a new version of what the old one knew, once its models are taken up") {
  ServiceMachine machine(model::ServiceId("web"));
  HostArbiter host({});
  model::ServiceSpec spec = Spec();
  spec.mode = model::Mode::kObserve;
  spec.forecast.resolution = std::chrono::minutes(5);  // one scale
  Apply(machine, host, spec);
  const auto step = [&](auto payload, ports::ReplyToken token) {
    ports::Outcome outcome;
    machine.Step({spec.id, std::move(payload), token, "uid=0"}, kNow, host, outcome);
    return outcome;
  };
  const auto fitted = [](const ports::Outcome& outcome) {
    return ports::ForecastFitted{
        std::make_shared<const forecast::Fit>(forecast::FitModels(*FitAsked(outcome)))};
  };
  const auto version_of = [](const ports::Outcome& outcome) {
    REQUIRE(outcome.replies.size() == 1);
    return std::get<model::ModelVersion>(*outcome.replies[0].value);
  };
  ports::ImportHistory history;
  for (int i = 600; i > 0; --i) {
    history.demand_rps.emplace_back(kNow.wall - i * std::chrono::minutes(5), 100 + i % 7);
  }
  step(fitted(step(history, 0)), 0);
  const model::ModelVersion first = version_of(step(fitted(step(ports::Retrain{}, 1)), 0));
  REQUIRE(first.learnt.forecasts.size() == 1);
  const model::ModelVersion second = version_of(step(fitted(step(ports::Retrain{}, 2)), 0));
  CHECK(second.number == first.number + 1);
  const ports::Outcome asked = step(ports::RevertModel{first}, 3);
  CHECK(asked.replies.empty());
  REQUIRE(FitAsked(asked)->kept);
  CHECK(*FitAsked(asked)->kept == first.learnt.forecasts[0]);
  const model::ModelVersion third = version_of(step(fitted(asked), 0));
  CHECK(third.cause == model::RetrainCause::kReverted);
  CHECK(third.number == second.number + 1);
  CHECK(third.learnt.forecasts[0].linear == first.learnt.forecasts[0].linear);
}

TEST_CASE("a null trial that cannot be run says why") {
  ServiceMachine machine(model::ServiceId("web"));
  HostArbiter host({});
  model::ServiceSpec spec = Spec();
  spec.mode = model::Mode::kObserve;
  Apply(machine, host, spec);
  const auto reason = [&] {
    ports::Outcome outcome;
    machine.Step({spec.id, ports::RunNullTrial{""}, 6, ""}, kNow, host, outcome);
    REQUIRE(outcome.replies.size() == 1);
    return ReasonOf(outcome.replies[0].value.status());
  };
  CHECK(reason() == "MODE_OBSERVE");
  spec.mode = model::Mode::kAdvise;
  Apply(machine, host, spec);
  CHECK(reason() == "NO_DATA");
}
