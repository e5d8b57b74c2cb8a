// The durable intents of one service. An external effect starts with Open, which writes it as PENDING in the
// same step as the action, and ends with Close. Also the source of the service's numbers (instances, trials,
// decisions, keys), since all of them must survive a restart without repeating. Owned by the service's
// machine; pure.
#pragma once

#include <map>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "model/intent.h"
#include "ports/outbox.h"

namespace shadowd::shadow {

// An order to stop whose end is not told for this long beyond its grace is given again.
inline constexpr Micros kStopAgain = std::chrono::seconds(15);

class IntentBook {
 public:
  explicit IntentBook(int next_number = 1) : next_number_(next_number) {}

  // A number never handed out before for this service, durable with the step.
  int NextNumber(ports::Outbox& out);

  model::IntentKey Open(model::IntentKind kind, const model::ReplicaId& replica, Now now, ports::Outbox& out);

  // Returns false when the key is unknown or closed already: a late or repeated result, to be ignored.
  bool Close(const model::IntentKey& key, const Status& result, Now now, ports::Outbox& out);

  // The replica is no more: closes what was asked of its provider and got no answer of its own, as a start
  // that a stop overtook.
  void CloseAllOf(const model::ReplicaId& replica, Now now, ports::Outbox& out);

  // After a restart: what was underway is closed as failed; its owner looks at the world and starts anew.
  void Restore(const std::vector<model::Intent>& pending, Now now, ports::Outbox& out);

  size_t pending() const { return pending_.size(); }

 private:
  int next_number_;
  std::map<model::IntentKey, model::Intent> pending_;
};

}  // namespace shadowd::shadow
