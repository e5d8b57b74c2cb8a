#include "daemon/rpc/scaler_answer.h"

#include <algorithm>
#include <utility>

#include "daemon/rpc/read_calls.h"
#include "rpc/convert_basic.h"
#include "rpc/resource_name.h"
#include "shadowd/v1/decisions.pb.h"
#include "shadowd/v1/forecasts.pb.h"
#include "shadowd/v1/services.pb.h"

namespace shadowd::daemon {
namespace {

using Answer = AnswerBook::Answer;

constexpr size_t kDecisionsLookedAt = 64;
constexpr Micros kClockSlack = std::chrono::minutes(1);  // a value from later than this is from a wrong clock

WallTime At(const google::protobuf::Timestamp& time) {
  return rpc::FromProto(time).value_or(WallTime{});
}

Status NoAnswer(const std::string& why) {
  return WithReason(Unavailable("{}", why), "NO_ANSWER");
}

bool Stands(const v1::Decision& decision) {
  return decision.kind() != v1::Decision::PROVISIONAL && decision.state() != v1::Decision::DECLINED &&
         decision.state() != v1::Decision::BLOCKED && decision.state() != v1::Decision::FAILED &&
         decision.state() != v1::Decision::SUPERSEDED;
}

StatusOr<Answer> Replicas(const Catalogue& catalogue, const ScalerQuery& query, const v1::Service& service,
                          WallTime seen) {
  const auto within = [&](int replicas, WallTime since) {
    return Answer{static_cast<double>(std::clamp(replicas, service.bounds().min(), service.bounds().max())),
                  std::max(seen, since)};
  };
  if (query.confirmed && service.mode() == v1::Service::ACT && service.target() > 0) {
    return within(service.target(), At(service.update_time()));
  }
  for (const Resource& resource :
       catalogue.List(Noun::kDecision, ParentFilter(service.name()), "", kDecisionsLookedAt)) {
    const auto& decision = static_cast<const v1::Decision&>(*resource);
    if (!query.confirmed && decision.planned() > 0) {
      return within(decision.planned(), At(decision.create_time()));
    }
    if (query.confirmed && Stands(decision) && decision.to() > 0) {
      return within(decision.to(), At(decision.decide_time()));
    }
  }
  return NoAnswer(
      fmt::format("nothing was {} for {} yet", query.confirmed ? "decided" : "planned", service.name()));
}

// The largest of the steps that are under way or begin within the horizon.
StatusOr<Answer> Within(const v1::Forecast& forecast, Micros horizon, bool upper, WallTime now) {
  const Micros step = rpc::FromProto(forecast.step()).value_or(Micros(0));
  const WallTime made = At(forecast.make_time());
  const Micros reach =
      forecast.steps().empty() ? Micros(0) : At(forecast.steps().rbegin()->time()) + step - made;
  if (horizon > reach) {
    return WithReason(
        WithField(InvalidArgument("metadata horizon: the forecast reaches {:.0f} s, not {:.0f} s",
                                  ToSeconds(reach), ToSeconds(horizon)),
                  "metadata.horizon"),
        "INVALID_METADATA");
  }
  std::optional<double> most;
  for (const v1::Forecast::Step& each : forecast.steps()) {
    const WallTime begin = At(each.time());
    if (begin + step > now && begin <= now + horizon) {
      most = std::max(most.value_or(0), upper ? each.upper_rps() : each.expected_rps());
    }
  }
  if (!most) {
    return NoAnswer(fmt::format("{} is over", forecast.name()));
  }
  return Answer{*most, made};
}

StatusOr<Answer> Demand(const v1::Forecast& forecast, const ScalerQuery& query, WallTime now) {
  if (forecast.state() != v1::Forecast::READY) {
    return NoAnswer(fmt::format("{} is degraded: {}", forecast.name(), forecast.degraded_reason()));
  }
  const bool upper = query.metric == ScalerMetric::kUpperLimit;
  if (query.horizon) {
    return Within(forecast, *query.horizon, upper, now);
  }
  if (!forecast.has_peak()) {
    return NoAnswer(fmt::format("{} has no peak yet", forecast.name()));
  }
  return Answer{upper ? forecast.peak().upper_rps() : forecast.peak().expected_rps(),
                At(forecast.make_time())};
}

StatusOr<Answer> Current(const Catalogue& catalogue, const ScalerQuery& query, WallTime now) {
  SHADOWD_ASSIGN_OR_RETURN(const v1::Service service,
                           Find<v1::Service>(catalogue, Noun::kService, rpc::ServiceName(query.service)));
  const auto forecast = Find<v1::Forecast>(catalogue, Noun::kForecast, rpc::ForecastName(query.service));
  if (query.metric == ScalerMetric::kReplicas) {
    return Replicas(catalogue, query, service, forecast.ok() ? At(forecast->make_time()) : WallTime{});
  }
  if (!forecast.ok()) {
    return NoAnswer(fmt::format("there is no forecast of {} yet", service.name()));
  }
  return Demand(*forecast, query, now);
}

}  // namespace

StatusOr<double> ScalerAnswer(const Catalogue& catalogue, const ScalerQuery& query, WallTime now,
                              AnswerBook& book) {
  const std::string key = ScalerKey(query);
  StatusOr<Answer> answer = Current(catalogue, query, now);
  if (!answer.ok() && !absl::IsUnavailable(answer.status())) {
    return answer.status();
  }
  const auto fresh = [&](const Answer& known) {
    return known.as_of >= now - query.max_age && known.as_of <= now + kClockSlack;
  };
  if (answer.ok() && fresh(*answer)) {
    book.Keep(key, *answer);
    return std::max(answer->value, 0.0);
  }
  if (const auto kept = book.Find(key); kept && fresh(*kept)) {
    return answer.ok() ? answer->value : kept->value;  // what was decided is in the store
  }
  return answer.ok() ? NoAnswer(fmt::format("what is known of {} is older than {:.0f} s",
                                            rpc::ServiceName(query.service), ToSeconds(query.max_age)))
                     : answer.status();
}

}  // namespace shadowd::daemon
