// The callers of a day: owners who change the spec, autoscalers who propose, operators who freeze, cancel and
// delete. They ask at random, seeded, and whatever the service is doing. Owned by the day.
#pragma once

#include "base/rng.h"
#include "model/service.h"
#include "sim/world.h"

namespace shadowd::sim {

model::ServiceSpec DaySpec();

class DayCallers {
 public:
  explicit DayCallers(Rng rng) : rng_(rng), spec_(DaySpec()) {}

  void Call(World& world);
  // Everything as it should be: in mode ACT, thawed, the first version.
  void Settle(World& world);
  // Asks again for the service after a deletion, as its owner's tools would.
  void KeepApplied(World& world);

  const model::ServiceSpec& spec() const { return spec_; }

 private:
  void Apply(World& world);
  void ChangeSpec();
  void Propose(World& world);
  void Operate(World& world);
  void Answer(World& world);

  Rng rng_;
  model::ServiceSpec spec_;
};

}  // namespace shadowd::sim
