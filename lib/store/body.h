// The encoding of a whole resource in a `body` column: the API's protobuf, by the converters of rpc/. What is
// encoded is decoded again before it is written, so that a resource which could not be read back after a
// restart (an id that makes no name, say) is refused while its writer still listens.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "model/decision.h"
#include "model/intent.h"
#include "model/learnt.h"
#include "model/ledger.h"
#include "model/replica.h"
#include "model/service.h"
#include "model/trial.h"

namespace shadowd::store {

// Specialised for model::Service, Instance, Shadow, Trial, Decision, ModelVersion, LedgerEntry and Intent.
template <typename T>
StatusOr<std::string> Encode(const T& resource);
template <typename T>
StatusOr<T> Decode(std::string_view body);

}  // namespace shadowd::store
