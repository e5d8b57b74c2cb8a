#include "control/core.h"

#include <algorithm>

namespace shadowd::control {

ports::Outcome Core::Step(const ports::Event& event, Now now) {
  ports::Outcome outcome;
  if (event.service.empty()) {
    ToHost(event, now, outcome);
  } else {
    ToService(event, now, outcome);
  }
  ArmTimer(now, outcome);
  return outcome;
}

void Core::SetOptions(CoreOptions options) {
  options_ = options;
  arbiter_.SetLimits(options.host);
}

const ServiceMachine* Core::Find(const model::ServiceId& id) const {
  const auto found = machines_.find(id);
  return found == machines_.end() ? nullptr : found->second.get();
}

void Core::ToHost(const ports::Event& event, Now now, ports::Outcome& outcome) {
  ports::Outbox out(model::ServiceId(), outcome);
  if (const auto* pressure = std::get_if<ports::HostPressure>(&event.payload)) {
    arbiter_.SetPressure(*pressure);
    return;
  }
  if (const auto* freeze = std::get_if<ports::Freeze>(&event.payload)) {
    arbiter_.SetFrozen(freeze->frozen, freeze->reason);
    out.Put(ports::FrozenSet{freeze->frozen, freeze->reason});
    out.Put(model::AuditEntry{now.wall, event.actor.empty() ? "core" : event.actor,
                              freeze->frozen ? "Freeze" : "Unfreeze", "daemon", freeze->reason});
    out.Log("frozen={} reason=\"{}\"", freeze->frozen, freeze->reason);
    out.Answer(event.token, ports::ReplyValue());
  } else if (std::holds_alternative<ports::TimerFired>(event.payload)) {
    armed_.reset();
  } else {
    out.Answer(event.token, WithReason(InvalidArgument("the event names no service"), "NO_SERVICE"));
    return;
  }
  for (auto& [id, machine] : machines_) {
    const bool due =
        !std::holds_alternative<ports::TimerFired>(event.payload) || machine->Deadline(now).has_value();
    if (due) {
      machine->Step({id, event.payload, 0, event.actor}, now, arbiter_, outcome);
    }
  }
  std::erase_if(machines_, [](const auto& item) { return item.second->Removed(); });
}

void Core::ToService(const ports::Event& event, Now now, ports::Outcome& outcome) {
  auto found = machines_.find(event.service);
  if (found == machines_.end()) {
    const bool creates = std::holds_alternative<ports::ApplyService>(event.payload) ||
                         std::holds_alternative<ports::Restored>(event.payload);
    ports::Outbox out(event.service, outcome);
    if (!creates) {
      out.Answer(event.token,
                 WithReason(NotFound("service {} does not exist", event.service), "SERVICE_UNKNOWN"));
      return;
    }
    if (machines_.size() >= options_.services_max) {
      out.Answer(event.token, WithReason(ResourceExhausted("the daemon holds {} services, the most it may",
                                                           machines_.size()),
                                         "SERVICE_QUOTA"));
      return;
    }
    found = machines_.emplace(event.service, std::make_unique<ServiceMachine>(event.service)).first;
  }
  found->second->Step(event, now, arbiter_, outcome);
  if (found->second->Removed() || found->second->phase() == Phase::kNew) {
    machines_.erase(found);
  }
}

// One timer for all: armed when some machine wants one sooner than what is armed.
void Core::ArmTimer(Now now, ports::Outcome& outcome) {
  std::optional<MonoTime> soonest;
  for (const auto& [id, machine] : machines_) {
    const std::optional<MonoTime> deadline = machine->Deadline(now);
    if (deadline && (!soonest || *deadline < *soonest)) {
      soonest = deadline;
    }
  }
  if (soonest && (!armed_ || *armed_ <= now.mono || *soonest < *armed_)) {
    armed_ = soonest;
    outcome.actions.push_back({model::ServiceId(), ports::ArmTimer{*soonest}});
  }
}

}  // namespace shadowd::control
