#include "daemon/rpc/scaler_query.h"

#include <array>
#include <set>
#include <utility>

#include "config/yaml_scalar.h"
#include "rpc/resource_name.h"

namespace shadowd::daemon {
namespace {

constexpr std::string_view kFromEnv = "FromEnv";
constexpr size_t kQuotedMax = 80;

const std::set<std::string> kKeysOfKeda = {"scalerAddress", "enableTLS", "unsafeSsl"};
const std::set<std::string> kKeys = {"service", "metric", "answer", "horizon", "max_age"};
constexpr std::array kMetricNames = {"replicas", "upper_limit", "expected"};

const char* NameOf(ScalerMetric metric) {
  return kMetricNames[static_cast<size_t>(metric)];
}

std::string Quoted(const std::string& text) {
  return text.size() <= kQuotedMax ? "\"" + text + "\"" : "\"" + text.substr(0, kQuotedMax) + "...\"";
}

Status Bad(const std::string& key, const std::string& why) {
  return WithReason(WithField(InvalidArgument("metadata {}: {}", key, why), "metadata." + key),
                    "INVALID_METADATA");
}

using Metadata = std::map<std::string, std::string>;

// The keys that are ours, with FromEnv resolved.
StatusOr<Metadata> OwnKeys(const Metadata& metadata) {
  Metadata own;
  for (const auto& [given, value] : metadata) {
    std::string key = given;
    if (key.size() > kFromEnv.size() && key.ends_with(kFromEnv)) {
      key.resize(key.size() - kFromEnv.size());
    }
    if (kKeysOfKeda.contains(key)) {
      continue;
    }
    if (!kKeys.contains(key)) {
      return Bad(Quoted(given), "unknown; service, metric, answer, horizon and max_age are known");
    }
    if (!own.emplace(key, value).second) {
      return Bad(key, "given twice, with and without FromEnv");
    }
  }
  return own;
}

StatusOr<ScalerMetric> MetricNamed(const std::string& name) {
  for (size_t i = 0; i < kMetricNames.size(); ++i) {
    if (name == kMetricNames[i]) {
      return static_cast<ScalerMetric>(i);
    }
  }
  return Bad("metric", "replicas, upper_limit or expected, not " + Quoted(name));
}

StatusOr<Micros> LengthOf(const std::string& key, const std::string& text, Micros most) {
  const auto length = config::ParseDuration(text);
  if (!length.ok() || *length < std::chrono::seconds(1) || *length > most) {
    return Bad(key, fmt::format("a length of time from 1s to {}, not {}", config::FormatDuration(most),
                                Quoted(text)));
  }
  return *length;
}

Status TakeAnswer(const Metadata& own, ScalerQuery* query) {
  const bool replicas = query->metric == ScalerMetric::kReplicas;
  query->confirmed = replicas;
  const auto answer = own.find("answer");
  if (answer == own.end()) {
    return absl::OkStatus();
  }
  if (answer->second != "confirmed" && answer->second != "forecast") {
    return Bad("answer", "confirmed or forecast, not " + Quoted(answer->second));
  }
  query->confirmed = answer->second == "confirmed";
  if (query->confirmed && !replicas) {
    return Bad("answer", fmt::format("{} is demand, which is forecast; only replicas are confirmed",
                                     NameOf(query->metric)));
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<ScalerQuery> ParseScalerQuery(const Metadata& metadata) {
  SHADOWD_ASSIGN_OR_RETURN(const Metadata own, OwnKeys(metadata));
  ScalerQuery query;
  const auto service = own.find("service");
  if (service == own.end()) {
    return Bad("service", "missing; the id of a service");
  }
  if (const Status status = rpc::CheckServiceId(service->second); !status.ok()) {
    return Bad("service", "not the id of a service: " + Quoted(service->second));
  }
  query.service = model::ServiceId(service->second);
  if (const auto metric = own.find("metric"); metric != own.end()) {
    SHADOWD_ASSIGN_OR_RETURN(query.metric, MetricNamed(metric->second));
  }
  SHADOWD_RETURN_IF_ERROR(TakeAnswer(own, &query));
  if (const auto horizon = own.find("horizon"); horizon != own.end()) {
    if (query.metric == ScalerMetric::kReplicas) {
      return Bad("horizon",
                 "of upper_limit and expected alone; replicas are planned for the hold of the service");
    }
    SHADOWD_ASSIGN_OR_RETURN(query.horizon, LengthOf("horizon", horizon->second, std::chrono::days(7)));
  }
  if (const auto age = own.find("max_age"); age != own.end()) {
    SHADOWD_ASSIGN_OR_RETURN(query.max_age, LengthOf("max_age", age->second, std::chrono::hours(24)));
  }
  return query;
}

std::string ScalerMetricName(const ScalerQuery& query) {
  return fmt::format("shadowd-{}-{}", query.service.str(), NameOf(query.metric));
}

std::string ScalerKey(const ScalerQuery& query) {
  return fmt::format("{} {} {} {}", query.service.str(), NameOf(query.metric),
                     query.confirmed ? "confirmed" : "forecast", query.horizon ? query.horizon->count() : 0);
}

}  // namespace shadowd::daemon
