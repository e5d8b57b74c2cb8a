// Ids of the domain. Resource names ("services/web/trials/7") exist only at the RPC edge; inside, ids are
// enough.
#pragma once

#include "base/strong_id.h"

namespace shadowd::model {

using ServiceId = StrongId<struct ServiceTag>;  // "web": [a-z]([-a-z0-9]{0,61}[a-z0-9])?
using TrialId = StrongId<struct TrialTag>;      // "web-t12", unique on the host
using ReplicaId =
    StrongId<struct ReplicaTag>;  // a process of the provider: instance "web-i7" or shadow "web-t12-a0-s0"
using DecisionId = StrongId<struct DecisionTag>;  // "web-d9"
using IntentKey = StrongId<struct IntentTag>;     // idempotency key of one external effect

}  // namespace shadowd::model
