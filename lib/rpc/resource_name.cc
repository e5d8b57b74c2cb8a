#include "rpc/resource_name.h"

#include <charconv>
#include <vector>

namespace shadowd::rpc {
namespace {

constexpr size_t kServiceIdMax = 63;
constexpr size_t kChildIdMax = 128;
constexpr size_t kRequestIdMax = 64;
constexpr size_t kNameMax = 512;
constexpr std::string_view kAll = "-";

bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

Status InvalidId(std::string_view id, std::string_view rule) {
  return WithReason(InvalidArgument("'{}' is not a valid id: {}", id.substr(0, kChildIdMax), rule),
                    "INVALID_NAME");
}

bool HasIdCharacters(std::string_view id) {
  for (const char c : id) {
    if (!IsLower(c) && !IsDigit(c) && c != '-') {
      return false;
    }
  }
  return !id.empty() && id.front() != '-' && id.back() != '-';
}

// The ids of a name that follows a pattern like "services/*/trials/*"; a '*' takes exactly one segment.
StatusOr<std::vector<std::string>> Match(std::string_view name, std::string_view pattern,
                                         std::string_view field) {
  const auto mismatch = [&] {
    return WithField(WithReason(InvalidArgument("{} '{}' does not have the form {}", field,
                                                name.substr(0, kNameMax), pattern),
                                "INVALID_NAME"),
                     field);
  };
  if (name.size() > kNameMax) {
    return mismatch();
  }
  std::vector<std::string> ids;
  size_t at = 0;
  for (const char expected : pattern) {
    if (expected != '*') {
      if (at >= name.size() || name[at] != expected) {
        return mismatch();
      }
      ++at;
      continue;
    }
    const size_t end = std::min(name.find('/', at), name.size());
    ids.emplace_back(name.substr(at, end - at));
    at = end;
  }
  if (at != name.size()) {
    return mismatch();
  }
  return ids;
}

// First id: the service's; the rest: ids that the daemon made.
StatusOr<std::vector<std::string>> Ids(std::string_view name, std::string_view pattern) {
  SHADOWD_ASSIGN_OR_RETURN(std::vector<std::string> ids, Match(name, pattern, "name"));
  Status status = CheckServiceId(ids[0]);
  for (size_t i = 1; status.ok() && i < ids.size(); ++i) {
    status = CheckChildId(ids[i]);
  }
  if (!status.ok()) {
    return WithField(Annotate(status, "name"), "name");
  }
  return ids;
}

template <typename Id>
StatusOr<Id> IdOrAll(const std::string& id, Status (*check)(std::string_view)) {
  if (id == kAll) {
    return Id();
  }
  if (const Status status = check(id); !status.ok()) {
    return WithField(Annotate(status, "parent"), "parent");
  }
  return Id(id);
}

}  // namespace

Status CheckServiceId(std::string_view id) {
  if (!HasIdCharacters(id) || !IsLower(id.front()) || id.size() > kServiceIdMax) {
    return InvalidId(id, "a service id matches [a-z]([-a-z0-9]{0,61}[a-z0-9])?");
  }
  return absl::OkStatus();
}

Status CheckChildId(std::string_view id) {
  if (!HasIdCharacters(id) || id.size() > kChildIdMax) {
    return InvalidId(id, "an id matches [a-z0-9]([-a-z0-9]{0,126}[a-z0-9])?");
  }
  return absl::OkStatus();
}

Status CheckRequestId(std::string_view id) {
  bool printable = id.size() <= kRequestIdMax;
  for (const char c : id) {
    printable = printable && c > ' ' && c <= '~';
  }
  if (!printable) {
    return WithField(
        WithReason(InvalidArgument("request_id: at most {} printable ASCII characters without spaces",
                                   kRequestIdMax),
                   "INVALID_REQUEST_ID"),
        "request_id");
  }
  return absl::OkStatus();
}

std::string ServiceName(const model::ServiceId& service) {
  return fmt::format("services/{}", service);
}
std::string InstanceName(const model::ServiceId& service, const model::ReplicaId& instance) {
  return fmt::format("services/{}/instances/{}", service, instance);
}
std::string ForecastName(const model::ServiceId& service) {
  return fmt::format("services/{}/forecast", service);
}
std::string TrialName(const model::ServiceId& service, const model::TrialId& trial) {
  return fmt::format("services/{}/trials/{}", service, trial);
}
std::string ShadowName(const model::ServiceId& service, const model::TrialId& trial,
                       const model::ReplicaId& shadow) {
  return fmt::format("services/{}/trials/{}/shadows/{}", service, trial, shadow);
}
std::string DecisionName(const model::ServiceId& service, const model::DecisionId& decision) {
  return fmt::format("services/{}/decisions/{}", service, decision);
}
std::string ModelName(const model::ServiceId& service, int number) {
  return fmt::format("services/{}/models/{}", service, number);
}
std::string CostName(const model::ServiceId& service, const model::DecisionId& decision) {
  return fmt::format("services/{}/costs/{}", service, decision);
}

StatusOr<model::ServiceId> ParseServiceName(std::string_view name) {
  SHADOWD_ASSIGN_OR_RETURN(const auto ids, Ids(name, "services/*"));
  return model::ServiceId(ids[0]);
}

StatusOr<InstanceRef> ParseInstanceName(std::string_view name) {
  SHADOWD_ASSIGN_OR_RETURN(const auto ids, Ids(name, "services/*/instances/*"));
  return InstanceRef{model::ServiceId(ids[0]), model::ReplicaId(ids[1])};
}

StatusOr<model::ServiceId> ParseForecastName(std::string_view name) {
  SHADOWD_ASSIGN_OR_RETURN(const auto ids, Ids(name, "services/*/forecast"));
  return model::ServiceId(ids[0]);
}

StatusOr<TrialRef> ParseTrialName(std::string_view name) {
  SHADOWD_ASSIGN_OR_RETURN(const auto ids, Ids(name, "services/*/trials/*"));
  return TrialRef{model::ServiceId(ids[0]), model::TrialId(ids[1])};
}

StatusOr<ShadowRef> ParseShadowName(std::string_view name) {
  SHADOWD_ASSIGN_OR_RETURN(const auto ids, Ids(name, "services/*/trials/*/shadows/*"));
  return ShadowRef{model::ServiceId(ids[0]), model::TrialId(ids[1]), model::ReplicaId(ids[2])};
}

StatusOr<DecisionRef> ParseDecisionName(std::string_view name) {
  SHADOWD_ASSIGN_OR_RETURN(const auto ids, Ids(name, "services/*/decisions/*"));
  return DecisionRef{model::ServiceId(ids[0]), model::DecisionId(ids[1])};
}

StatusOr<ModelRef> ParseModelName(std::string_view name) {
  SHADOWD_ASSIGN_OR_RETURN(const auto ids, Ids(name, "services/*/models/*"));
  ModelRef ref{model::ServiceId(ids[0]), 0};
  const std::string& text = ids[1];
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ref.number);
  // One spelling a version: what does not format back to the same text ("007") is another name.
  if (error != std::errc() || end != text.data() + text.size() || fmt::format("{}", ref.number) != text) {
    return WithField(
        WithReason(InvalidArgument("name: '{}' is not the number of a model version", text), "INVALID_NAME"),
        "name");
  }
  return ref;
}

StatusOr<DecisionRef> ParseCostName(std::string_view name) {
  SHADOWD_ASSIGN_OR_RETURN(const auto ids, Ids(name, "services/*/costs/*"));
  return DecisionRef{model::ServiceId(ids[0]), model::DecisionId(ids[1])};
}

StatusOr<model::ServiceId> ParseServiceParent(std::string_view parent) {
  SHADOWD_ASSIGN_OR_RETURN(const auto ids, Match(parent, "services/*", "parent"));
  return IdOrAll<model::ServiceId>(ids[0], CheckServiceId);
}

StatusOr<TrialRef> ParseTrialParent(std::string_view parent) {
  SHADOWD_ASSIGN_OR_RETURN(const auto ids, Match(parent, "services/*/trials/*", "parent"));
  SHADOWD_ASSIGN_OR_RETURN(auto service, IdOrAll<model::ServiceId>(ids[0], CheckServiceId));
  SHADOWD_ASSIGN_OR_RETURN(auto trial, IdOrAll<model::TrialId>(ids[1], CheckChildId));
  return TrialRef{std::move(service), std::move(trial)};
}

}  // namespace shadowd::rpc
