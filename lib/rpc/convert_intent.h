// Intents (which only the store sees) and audit entries between the domain and their messages.
// Pure functions, any thread. FromProto(ToProto(x)) == x; a number or name that cannot be read is
// INVALID_ARGUMENT with the path of its field.
#pragma once

#include "base/status.h"
#include "model/intent.h"
#include "shadowd/v1/daemon.pb.h"
#include "shadowd/v1/storage.pb.h"

namespace shadowd::rpc {

void ToProto(const model::Intent& intent, v1::Intent* out);
v1::Intent ToProto(const model::Intent& intent);
StatusOr<model::Intent> FromProto(const v1::Intent& in);

void ToProto(const model::AuditEntry& entry, v1::AuditEntry* out);
v1::AuditEntry ToProto(const model::AuditEntry& entry);
StatusOr<model::AuditEntry> FromProto(const v1::AuditEntry& in);

}  // namespace shadowd::rpc
