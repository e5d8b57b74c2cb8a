// The control core of the daemon: Step(event, now) -> {mutations, actions, replies}. It routes each event to
// the machine of its service, keeps the host's arbiter beside them and asks for one timer. The executor
// commits the mutations, then acts and replies, and feeds results back as events; the simulator does the same
// in virtual time. One thread; pure and deterministic.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "base/time.h"
#include "control/host_arbiter.h"
#include "control/service_machine.h"
#include "ports/event.h"
#include "ports/outcome.h"

namespace shadowd::control {

struct CoreOptions {
  HostLimits host;
  size_t services_max = 1000;
};

class Core {
 public:
  explicit Core(CoreOptions options) : options_(options), arbiter_(options.host) {}

  ports::Outcome Step(const ports::Event& event, Now now);

  // Host limits may change with a reload; running trials keep their grants.
  void SetOptions(CoreOptions options);
  void RestoreFreeze(bool frozen, const std::string& reason) { arbiter_.SetFrozen(frozen, reason); }

  const ServiceMachine* Find(const model::ServiceId& id) const;
  size_t services() const { return machines_.size(); }
  template <typename Use>
  void ForEachService(const Use& use) const {
    for (const auto& [id, machine] : machines_) {
      use(id);
    }
  }
  const CoreOptions& options() const { return options_; }
  const HostArbiter& arbiter() const { return arbiter_; }

 private:
  void ToHost(const ports::Event& event, Now now, ports::Outcome& outcome);
  void ToService(const ports::Event& event, Now now, ports::Outcome& outcome);
  void ArmTimer(Now now, ports::Outcome& outcome);

  CoreOptions options_;
  HostArbiter arbiter_;
  std::map<model::ServiceId, std::unique_ptr<ServiceMachine>> machines_;
  std::optional<MonoTime> armed_;
};

}  // namespace shadowd::control
