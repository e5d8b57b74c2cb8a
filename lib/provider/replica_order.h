// One replica as it is ordered of a provider: what to run, as whom, and how long at most. Plain value; the
// executor makes it from what the core asks for, so that plans know nothing of the core.
#pragma once

#include <string>

#include "base/time.h"
#include "model/ids.h"
#include "model/replica.h"
#include "model/service.h"

namespace shadowd::provider {

struct ReplicaOrder {
  model::IntentKey key;
  model::ServiceId service;
  model::ReplicaId replica;
  model::Role role = model::Role::kInstance;
  std::string version;
  model::InstanceTemplate instance;
  model::ShadowClass shadow_class;  // of a shadow
  Micros lease{0};                  // of a shadow; 0 = none
  Micros ttl{0};                    // of a shadow; 0 = none
};

}  // namespace shadowd::provider
