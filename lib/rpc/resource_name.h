// Resource names ("services/web/trials/web-t12") exist only at this edge; inside, ids are enough. Formats and
// parses them. Pure functions, any thread. A name that does not parse is INVALID_ARGUMENT with reason
// INVALID_NAME and the field "name"; ids are checked, so that what parsed is safe in a path, a log line and a
// query.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "model/ids.h"

namespace shadowd::rpc {

// [a-z]([-a-z0-9]{0,61}[a-z0-9])?
Status CheckServiceId(std::string_view id);
// Ids that the daemon makes: [a-z0-9]([-a-z0-9]{0,126}[a-z0-9])?
Status CheckChildId(std::string_view id);
// Request ids: at most 64 printable ASCII characters; empty = none.
Status CheckRequestId(std::string_view id);

struct InstanceRef {
  model::ServiceId service;
  model::ReplicaId instance;
};
struct TrialRef {
  model::ServiceId service;
  model::TrialId trial;
};
struct ShadowRef {
  model::ServiceId service;
  model::TrialId trial;
  model::ReplicaId shadow;
};
struct DecisionRef {
  model::ServiceId service;
  model::DecisionId decision;
};
struct ModelRef {
  model::ServiceId service;
  int number = 0;
};

std::string ServiceName(const model::ServiceId& service);
std::string InstanceName(const model::ServiceId& service, const model::ReplicaId& instance);
std::string ForecastName(const model::ServiceId& service);
std::string TrialName(const model::ServiceId& service, const model::TrialId& trial);
std::string ShadowName(const model::ServiceId& service, const model::TrialId& trial,
                       const model::ReplicaId& shadow);
std::string DecisionName(const model::ServiceId& service, const model::DecisionId& decision);
std::string ModelName(const model::ServiceId& service, int number);
std::string CostName(const model::ServiceId& service, const model::DecisionId& decision);

StatusOr<model::ServiceId> ParseServiceName(std::string_view name);
StatusOr<InstanceRef> ParseInstanceName(std::string_view name);
StatusOr<model::ServiceId> ParseForecastName(std::string_view name);
StatusOr<TrialRef> ParseTrialName(std::string_view name);
StatusOr<ShadowRef> ParseShadowName(std::string_view name);
StatusOr<DecisionRef> ParseDecisionName(std::string_view name);
StatusOr<ModelRef> ParseModelName(std::string_view name);
StatusOr<DecisionRef> ParseCostName(std::string_view name);

// Parents of List and Watch; the field is "parent". "-" stands for all and comes back as an empty id.
StatusOr<model::ServiceId> ParseServiceParent(std::string_view parent);
StatusOr<TrialRef> ParseTrialParent(
    std::string_view parent);  // "services/web/trials/-", "services/-/trials/-"

}  // namespace shadowd::rpc
