// Whether a specification may enter the core: every range that model/service.h and service_spec.proto state,
// and what must go together (mode ACT needs a template and a balancer; ports for all replicas). The first
// fault is INVALID_ARGUMENT with the path of its field and a stable reason. Pure functions, any thread.
#pragma once

#include "base/status.h"
#include "model/service.h"

namespace shadowd::config {

Status ValidateService(const model::ServiceSpec& spec);

}  // namespace shadowd::config
