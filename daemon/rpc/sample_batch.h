// A batch of samples on its way into the loop: one event a sample, one answer for all.
#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "daemon/rpc/edge.h"
#include "model/ids.h"
#include "ports/event.h"
#include "shadowd/v1/telemetry.pb.h"

namespace shadowd::daemon {

// All or none: an error names the sample and the field ("samples[3].demand.rps").
StatusOr<std::vector<ports::Payload>> SampleEvents(
    const google::protobuf::RepeatedPtrField<v1::Sample>& samples, WallTime now);

// `done` runs once, on the loop thread, when the last event is durable or refused: with the first error, if
// any, and how many were accepted. `events` is not empty.
void PostSamples(Edge& edge, const model::ServiceId& service, std::vector<ports::Payload> events,
                 const std::string& actor, std::function<void(const Status& status, int accepted)> done);

}  // namespace shadowd::daemon
