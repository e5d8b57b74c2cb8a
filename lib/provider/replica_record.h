// What the shim of a replica writes down about it: enough for a daemon that starts later to recognise the
// process, to reach it and to go on waiting for its readiness. Stored as one JSON object in
// <runtime_dir>/replicas/<id>.json. Pure value; the text comes from outside and is checked field by field.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "model/ids.h"
#include "model/replica.h"
#include "model/service.h"

namespace shadowd::provider {

struct ReplicaRecord {
  model::IntentKey key;
  model::ServiceId service;
  model::ReplicaId id;
  model::Role role = model::Role::kInstance;
  std::string version;
  model::ProcessIdentity process;
  model::ProcessIdentity shim;
  int port = 0;
  std::string address;  // "127.0.0.1:18080"
  int64_t started_wall_us = 0;
  bool ready = false;  // was found ready once
  model::Readiness readiness;
  Micros stop_grace{0};
  Micros lease{0};     // of a shadow: it ends this long after the last renewal; 0 = none
  std::string cgroup;  // relative to the parent: "shadows/web-t1-a0-s0"; "" = none
  bool operator==(const ReplicaRecord&) const = default;
};

std::string EncodeRecord(const ReplicaRecord& record);
// INVALID_ARGUMENT naming the field.
StatusOr<ReplicaRecord> DecodeRecord(std::string_view text);

}  // namespace shadowd::provider
