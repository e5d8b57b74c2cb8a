#include "sim/day_callers.h"

#include <utility>

namespace shadowd::sim {

namespace {

void SetVersion(model::ServiceSpec& spec, const char* version) {
  spec.version = version;
  spec.instance.argv = {"/bin/shop", std::string("--version=") + version};
}

}  // namespace

model::ServiceSpec DaySpec() {
  model::ServiceSpec spec;
  spec.id = model::ServiceId("shop");
  spec.mode = model::Mode::kAct;
  SetVersion(spec, "1");
  spec.bounds = {.min = 2,
                 .max = 16,
                 .step_out_max = 6,
                 .step_in_max = 3,
                 .cool_down_out = std::chrono::seconds(60),
                 .cool_down_in = std::chrono::minutes(10)};
  spec.slo = {
      .latency_quantile = 0.95, .latency_limit = std::chrono::milliseconds(1000), .error_rate_max = 0.01};
  spec.forecast = {.resolution = std::chrono::minutes(5),
                   .seasons = {288},
                   .horizon_steps = 24,
                   .coverage = 0.95,
                   .hold = std::chrono::minutes(30)};
  spec.shadows.levels_auto_max = 2;
  spec.trial.warm_up = std::chrono::seconds(2);
  spec.trial.deadline = std::chrono::seconds(8);
  spec.trial.measured_fresh = std::chrono::hours(3);
  spec.instance.readiness.deadline = std::chrono::seconds(90);
  spec.haproxy.socket = "/run/haproxy.sock";
  spec.haproxy.backend = "shop";
  spec.lead_time_prior = std::chrono::seconds(30);
  return spec;
}

void DayCallers::Apply(World& world) {
  world.Send({spec_.id, ports::ApplyService{spec_, ""}, 0, "owner"});
}

void DayCallers::ChangeSpec() {
  static constexpr const char* kVersions[] = {"1", "2", "3", "broken"};
  switch (rng_.Below(6)) {
    case 0:
    case 1:
      SetVersion(spec_, kVersions[rng_.Below(4)]);
      break;
    case 2:
      spec_.bounds.min = 1 + static_cast<int>(rng_.Below(4));
      spec_.bounds.max = 6 + static_cast<int>(rng_.Below(11));
      break;
    case 3:
      spec_.mode = static_cast<model::Mode>(rng_.Below(3));
      break;
    case 4:
      spec_.mode = model::Mode::kAct;
      break;
    default:
      spec_.shadows.shadows_per_level = 1 + static_cast<int>(rng_.Below(2));
      spec_.trial.policy = rng_.Below(4) == 0 ? model::TrialPolicy::kNever : model::TrialPolicy::kAuto;
      break;
  }
}

void DayCallers::Propose(World& world) {
  const int planned = static_cast<int>(rng_.Below(18));
  world.Send({spec_.id, ports::ProposeScaling{planned, ""}, 0, "autoscaler"});
}

void DayCallers::Operate(World& world) {
  const control::ServiceMachine* machine = world.core().Find(spec_.id);
  const bool trials = machine != nullptr && machine->trial() != nullptr;
  const auto& shadows = world.kept(spec_.id).shadows;
  switch (rng_.Below(6)) {
    case 0:
      if (trials) {
        world.Send({spec_.id, ports::CancelTrial{machine->trial()->trial().id}, 0, "operator"});
      }
      break;
    case 1:
      if (!shadows.empty()) {
        world.Send({spec_.id, ports::TerminateShadow{shadows.rbegin()->first}, 0, "operator"});
      }
      break;
    case 2:
      world.Send({spec_.id, ports::Retrain{}, 0, "operator"});
      break;
    case 3:
      world.Hear({model::ServiceId(),
                  ports::HostPressure{rng_.Below(2) == 0 ? 1e8 : 8e9, 100 * rng_.Uniform()}, 0, "host"});
      break;
    case 4:
      if (rng_.Below(3) == 0) {
        world.Send({spec_.id, ports::DeleteService{}, 0, "owner"});
      }
      break;
    default:
      world.Send({model::ServiceId(), ports::Freeze{!world.frozen(), "drill"}, 0, "operator"});
      break;
  }
}

void DayCallers::Answer(World& world) {
  for (const auto& [id, decision] : world.kept(spec_.id).decisions) {
    if (decision.state == model::DecisionState::kAdvised) {
      if (rng_.Below(2) == 0) {
        world.Send({spec_.id, ports::ApproveDecision{id}, 0, "owner"});
      } else {
        world.Send({spec_.id, ports::RejectDecision{id}, 0, "owner"});
      }
      return;
    }
  }
}

void DayCallers::Call(World& world) {
  switch (rng_.Below(5)) {
    case 0:
    case 1:
      ChangeSpec();
      Apply(world);
      break;
    case 2:
      Propose(world);
      break;
    case 3:
      Operate(world);
      break;
    default:
      Answer(world);
      if (world.frozen() && rng_.Below(2) == 0) {
        world.Send({model::ServiceId(), ports::Freeze{false, ""}, 0, "operator"});
      }
      break;
  }
}

void DayCallers::Settle(World& world) {
  world.Send({model::ServiceId(), ports::Freeze{false, ""}, 0, "operator"});
  world.Hear({model::ServiceId(), ports::HostPressure{8e9, 0}, 0, "host"});
  spec_ = DaySpec();
  Apply(world);
}

void DayCallers::KeepApplied(World& world) {
  if (!world.down() && world.core().Find(spec_.id) == nullptr) {
    Apply(world);
  }
}

}  // namespace shadowd::sim
