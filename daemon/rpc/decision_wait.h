// A call that waits until a decision is no longer PROVISIONAL, or for its time to be over. It answers with
// the decision as it is then. Counted as an open call, so that it ends when the daemon drains.
#pragma once

#include <grpcpp/alarm.h>

#include <memory>
#include <optional>
#include <string>

#include "daemon/rpc/catalogue.h"
#include "daemon/rpc/open_calls.h"
#include "daemon/rpc/unary_call.h"
#include "shadowd/v1/decisions.pb.h"

namespace shadowd::daemon {

// The longest wait that a caller may ask for.
inline constexpr Micros kWaitMax = std::chrono::minutes(10);

// `known` is the answer where the catalogue does not hold the decision (yet).
void WaitForDecision(std::shared_ptr<TypedCall<v1::Decision>> call, const std::string& name, Micros timeout,
                     std::optional<v1::Decision> known);

// The wait asked for; 0 when absent. INVALID_ARGUMENT outside 0..kWaitMax.
StatusOr<Micros> WaitOf(bool present, const google::protobuf::Duration& wait);

}  // namespace shadowd::daemon
