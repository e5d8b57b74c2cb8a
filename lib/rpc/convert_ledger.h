// Ledger entries between the domain and the API, where they are costs.
// Pure functions, any thread. FromProto(ToProto(x)) == x; a number or name that cannot be read is
// INVALID_ARGUMENT with the path of its field.
#pragma once

#include "base/status.h"
#include "model/ledger.h"
#include "shadowd/v1/costs.pb.h"

namespace shadowd::rpc {

void ToProto(const model::LedgerEntry& entry, v1::Cost* out);
v1::Cost ToProto(const model::LedgerEntry& entry);
StatusOr<model::LedgerEntry> FromProto(const v1::Cost& in);

}  // namespace shadowd::rpc
