// What a restart needs from the store: one Restored per service, and what belongs to the host. A value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ports/event.h"
#include "ports/outcome.h"

namespace shadowd::store {

struct Snapshot {
  std::vector<ports::Restored> services;
  bool frozen = false;
  std::string frozen_reason;
  int64_t revision = 0;  // no batch had a higher one
  std::vector<ports::Mutation>
      resources;  // every kept resource, for the read model; kind by kind, oldest first
};

}  // namespace shadowd::store
