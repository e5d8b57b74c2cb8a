#include "control/transitions.h"

#include <catch2/catch.hpp>

#include "control/core.h"
#include "forecast/fit.h"

using namespace shadowd;
using namespace shadowd::control;

namespace {

const model::ServiceId kWeb("web");

model::ServiceSpec Spec(model::Mode mode) {
  model::ServiceSpec spec;
  spec.id = kWeb;
  spec.mode = mode;
  spec.version = "1";
  spec.instance.argv = {"/bin/web", "--port={port}"};
  spec.instance.port_first = 9000;
  spec.instance.port_last = 9100;
  spec.bounds = {.min = 2, .max = 6};
  spec.haproxy.socket = "/run/haproxy.sock";
  spec.haproxy.backend = "web";
  spec.forecast.resolution = std::chrono::seconds(1);
  return spec;
}

ports::ProductionWindow Window(int second, int serving, uint64_t offered) {
  ports::ProductionWindow window;
  window.service.start = WallTime(std::chrono::hours(1000) + std::chrono::seconds(second));
  window.service.length = std::chrono::seconds(1);
  window.service.offered = window.service.completed = offered;
  window.service.latency_us.assign(offered, 25'000);
  window.serving = serving;
  return window;
}

// A core with one service, brought into a phase by events alone.
class Driver {
 public:
  Core core{CoreOptions{}};
  Now now{MonoTime(std::chrono::hours(1)), WallTime(std::chrono::hours(1000))};
  ports::Outcome last;
  std::vector<ports::Action> actions;
  model::DecisionId decision;
  model::TrialId trial;

  void Send(ports::Payload payload, ports::ReplyToken token = 0) {
    now.mono += std::chrono::milliseconds(1);
    now.wall += std::chrono::milliseconds(1);
    last = core.Step({kWeb, std::move(payload), token, "test"}, now);
    for (const ports::Mutation& mutation : last.mutations) {
      if (const auto* made = std::get_if<model::Decision>(&mutation.change)) {
        decision = made->id;
      }
      if (const auto* made = std::get_if<model::Trial>(&mutation.change)) {
        trial = made->id;
      }
    }
    actions.insert(actions.end(), last.actions.begin(), last.actions.end());
  }

  void AnswerStarts() {
    const std::vector<ports::Action> todo = std::exchange(actions, {});
    for (const ports::Action& action : todo) {
      if (const auto* start = std::get_if<ports::StartReplica>(&action.effect)) {
        Send(ports::ReplicaStarted{start->key, start->replica, {7, 7, "b"}, "127.0.0.1:9000"});
        Send(ports::ReplicaReady{start->replica});
      } else if (const auto* add = std::get_if<ports::AddServer>(&action.effect)) {
        Send(ports::ServerChanged{add->key, model::IntentKind::kAddServer, add->replica, Status()});
      }
    }
  }

  // Does the newest fit that was asked for.
  void SendFit() {
    for (auto action = actions.rbegin(); action != actions.rend(); ++action) {
      if (const auto* fit = std::get_if<ports::FitForecast>(&action->effect)) {
        Send(ports::ForecastFitted{std::make_shared<const forecast::Fit>(forecast::FitModels(*fit->input))});
        return;
      }
    }
  }

  void Bring(Phase phase) {
    if (phase == Phase::kNew) {
      return;
    }
    Send(ports::ApplyService{Spec(model::Mode::kAct), ""});
    if (phase == Phase::kApplying) {
      return;
    }
    AnswerStarts();  // started and ready
    AnswerStarts();  // added
    REQUIRE(core.Find(kWeb)->phase() == Phase::kIdle);
    for (int second = 0; second < 3; ++second) {
      Send(Window(second, 2, 100));
    }
    if (phase == Phase::kTrialling) {
      Send(ports::ProposeScaling{4, ""}, 9);
    } else if (phase == Phase::kDeleting) {
      Send(ports::DeleteService{});
    }
    REQUIRE(core.Find(kWeb)->phase() == phase);
    actions.clear();
  }

  ports::Payload EventAt(size_t index) const {
    const std::vector<ports::Payload> all = {
        ports::ApplyService{Spec(model::Mode::kAct), ""},
        ports::DeleteService{},
        ports::ProposeScaling{3, ""},
        ports::Retrain{},
        ports::CancelTrial{trial},
        ports::TerminateShadow{model::ReplicaId("none")},
        ports::ApproveDecision{decision},
        ports::RejectDecision{decision},
        ports::Freeze{true, "test"},
        ports::ImportHistory{},
        Window(9, 2, 50),
        ports::DemandSample{WallTime(std::chrono::hours(1001)), 5},
        ports::ShadowWindow{model::ReplicaId("x"), {}},
        ports::ReplicaStarted{{}, model::ReplicaId("x"), {}, ""},
        ports::ReplicaReady{model::ReplicaId("x")},
        ports::ReplicaFailed{{}, model::ReplicaId("x"), Unavailable("gone")},
        ports::ReplicaStopped{{}, model::ReplicaId("x")},
        ports::ServerChanged{{}, model::IntentKind::kAddServer, model::ReplicaId("x"), Status()},
        ports::ForecastFitted{nullptr},
        ports::HostPressure{},
        ports::TimerFired{},
        ports::Restored{},
        ports::ReplicaFound{model::ReplicaId("x"), false},
        ports::RunNullTrial{""},
        ports::RevertModel{}};
    REQUIRE(all.size() == std::variant_size_v<ports::Payload>);
    REQUIRE(all[index].index() == index);
    return all[index];
  }
};

const std::vector<Phase> kAllPhases = {Phase::kNew, Phase::kIdle, Phase::kTrialling, Phase::kApplying,
                                       Phase::kDeleting};

}  // namespace

TEST_CASE("every event in every phase does what the table says") {
  const Phase phase = GENERATE(from_range(kAllPhases));
  const size_t event = GENERATE(range(size_t{0}, std::variant_size_v<ports::Payload>));
  CAPTURE(PhaseName(phase), EventName(event));
  if (event == EventIndex<ports::ForecastFitted>()) {
    return;  // carries a fit; the simulated days bring it in every phase
  }
  Driver driver;
  driver.Bring(phase);
  driver.Send(driver.EventAt(event), 77);
  const ServiceMachine* machine = driver.core.Find(kWeb);
  switch (HandlingOf(phase, event)) {
    case Handling::kIgnore:
      CHECK(driver.last.mutations.empty());
      if (machine != nullptr) {
        CHECK(machine->phase() == phase);
      }
      break;
    case Handling::kRefuse: {
      REQUIRE(driver.last.replies.size() == 1);
      const Status& status = driver.last.replies[0].value.status();
      CHECK((status.code() == absl::StatusCode::kFailedPrecondition ||
             status.code() == absl::StatusCode::kNotFound));
      CHECK_FALSE(ReasonOf(status).empty());
      CHECK(driver.last.mutations.empty());
      if (machine != nullptr) {
        CHECK(machine->phase() == phase);
      }
      break;
    }
    case Handling::kSupersede:
      REQUIRE(phase == Phase::kTrialling);
      REQUIRE(machine != nullptr);
      CHECK(machine->phase() != Phase::kTrialling);
      CHECK(machine->trial() == nullptr);
      break;
    case Handling::kProcess:
      for (const ports::Reply& reply : driver.last.replies) {
        CHECK(ReasonOf(reply.value.status()) != "WRONG_STATE");
      }
      break;
  }
}

TEST_CASE("a caller always gets exactly one answer") {
  const Phase phase = GENERATE(from_range(kAllPhases));
  const size_t event = GENERATE(range(size_t{0}, EventIndex<ports::ProductionWindow>()),
                                EventIndex<ports::RunNullTrial>(), EventIndex<ports::RevertModel>());
  CAPTURE(PhaseName(phase), EventName(event));
  Driver driver;
  driver.Bring(phase);
  driver.Send(driver.EventAt(event), 77);
  if (event == EventIndex<ports::Freeze>()) {
    return;  // the host's: answered by the core, not by a service
  }
  for (int fits = 0; driver.last.replies.empty() && fits < 4; ++fits) {  // what waits for the models
    driver.SendFit();
  }
  REQUIRE(driver.last.replies.size() == 1);
  CHECK(driver.last.replies[0].token == 77);
}
