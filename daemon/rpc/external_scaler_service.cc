#include "daemon/rpc/external_scaler_service.h"

#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "daemon/rpc/read_calls.h"
#include "daemon/rpc/scaler_answer.h"
#include "daemon/rpc/scaler_query.h"
#include "daemon/rpc/unary_call.h"
#include "daemon/rpc/watch_feed.h"
#include "rpc/status_convert.h"
#include "shadowd/v1/services.pb.h"

namespace shadowd::daemon {
namespace {

namespace keda = externalscaler;

StatusOr<ScalerQuery> QueryOf(const keda::ScaledObjectRef& ref) {
  return ParseScalerQuery({ref.scalermetadata().begin(), ref.scalermetadata().end()});
}

StatusOr<keda::IsActiveResponse> Activity(const Catalogue& catalogue, const ScalerQuery& query, WallTime now,
                                          AnswerBook& answers) {
  SHADOWD_ASSIGN_OR_RETURN(const double value, ScalerAnswer(catalogue, query, now, answers));
  keda::IsActiveResponse response;
  response.set_result(value > 0);
  return response;
}

StatusOr<keda::GetMetricSpecResponse> SpecOf(const Catalogue& catalogue, const ScalerQuery& query) {
  SHADOWD_RETURN_IF_ERROR(
      Find<v1::Service>(catalogue, Noun::kService, rpc::ServiceName(query.service)).status());
  keda::GetMetricSpecResponse response;
  keda::MetricSpec* const spec = response.add_metricspecs();
  spec->set_metricname(ScalerMetricName(query));
  spec->set_targetsize(1);
  spec->set_targetsizefloat(1);
  return response;
}

StatusOr<keda::GetMetricsResponse> ValueOf(const Catalogue& catalogue, const ScalerQuery& query, WallTime now,
                                           AnswerBook& answers) {
  SHADOWD_ASSIGN_OR_RETURN(const double value, ScalerAnswer(catalogue, query, now, answers));
  keda::GetMetricsResponse response;
  keda::MetricValue* const metric = response.add_metricvalues();
  metric->set_metricname(ScalerMetricName(query));
  metric->set_metricvalue(static_cast<int64_t>(std::ceil(value)));
  metric->set_metricvaluefloat(value);
  return response;
}

// Answers what `make(catalogue)` makes of the read model.
template <typename Response, typename Make>
grpc::ServerUnaryReactor* Reply(Edge& edge, grpc::CallbackServerContext* context, const char* method,
                                const Status& status, Response* response, Make make) {
  auto call = std::make_shared<TypedCall<Response>>(edge, context, method, response);
  call->Begin(Micros(0));
  if (edge.dispatcher.Draining() || !status.ok()) {
    call->Abandon(status.ok() ? DrainingStatus() : status);
  } else {
    edge.dispatcher.Read(
        [call, make = std::move(make)](Catalogue& catalogue) { call->Answer(make(catalogue)); });
  }
  return call.get();
}

// A stream of what `make` says, at once and then when it says something else; it looks again at every
// forecast of the service, and ends where `make` fails.
template <typename Response>
class ScalerStream final : public grpc::ServerWriteReactor<Response>, public WatchFeed {
 public:
  using Make = std::function<StatusOr<Response>(const Catalogue&)>;
  ScalerStream(Edge& edge, const char* method, const std::string& service, Make make)
      : WatchFeed(edge, Noun::kForecast, service, 0), edge_(edge), method_(method), make_(std::move(make)) {}

  // Called once, after construction; `status` refuses the call.
  void Start(const Status& status) {
    self_ = std::static_pointer_cast<ScalerStream>(shared_from_this());
    const Status admitted = status.ok() ? edge_.open_calls.Add(self_) : status;
    admitted.ok() ? Begin() : EndWith(admitted);
  }

 private:
  void Write(const WatchItem&) override {
    edge_.dispatcher.Read([self = std::static_pointer_cast<ScalerStream>(shared_from_this())](
                              Catalogue& catalogue) { self->Send(self->make_(catalogue)); });
  }
  void Send(const StatusOr<Response>& response) {
    if (!response.ok()) {
      EndWith(response.status());
      return Written(true);
    }
    std::string bytes = response->SerializeAsString();
    if (sent_ == bytes) {
      return Written(true);
    }
    sent_ = std::move(bytes);
    response_ = *response;
    this->StartWrite(&response_);
  }
  void FinishStream(const Status& status) override {
    if (edge_.hooks.on_call) {
      edge_.hooks.on_call(method_, absl::StatusCodeToString(status.code()), Micros(0));
    }
    this->Finish(rpc::ToGrpc(status));
  }
  void OnWriteDone(bool ok) override { Written(ok); }
  void OnCancel() override { EndWith(absl::CancelledError("the call was cancelled or its deadline passed")); }
  void OnDone() override {
    Gone();
    self_.reset();
  }

  Edge& edge_;
  const char* const method_;
  const Make make_;
  std::optional<std::string> sent_;  // serialized; loop thread
  Response response_;
  std::shared_ptr<ScalerStream> self_;
};

template <typename Response>
grpc::ServerWriteReactor<Response>* Stream(Edge& edge, const char* method, const StatusOr<ScalerQuery>& query,
                                           typename ScalerStream<Response>::Make make) {
  const std::string service = query.ok() ? rpc::ServiceName(query->service) : "";
  auto call = std::make_shared<ScalerStream<Response>>(edge, method, service, std::move(make));
  call->Start(query.status());
  return call.get();
}

}  // namespace

grpc::ServerUnaryReactor* ExternalScalerService::IsActive(grpc::CallbackServerContext* context,
                                                          const keda::ScaledObjectRef* request,
                                                          keda::IsActiveResponse* response) {
  const auto query = QueryOf(*request);
  return Reply(edge_, context, "ExternalScaler.IsActive", query.status(), response,
               [this, query](const Catalogue& catalogue) {
                 return Activity(catalogue, *query, edge_.hooks.wall_time(), answers_);
               });
}

grpc::ServerWriteReactor<keda::IsActiveResponse>* ExternalScalerService::StreamIsActive(
    grpc::CallbackServerContext*, const keda::ScaledObjectRef* request) {
  const auto query = QueryOf(*request);
  return Stream<keda::IsActiveResponse>(
      edge_, "ExternalScaler.StreamIsActive", query, [this, query](const Catalogue& catalogue) {
        return Activity(catalogue, *query, edge_.hooks.wall_time(), answers_);
      });
}

grpc::ServerUnaryReactor* ExternalScalerService::GetMetricSpec(grpc::CallbackServerContext* context,
                                                               const keda::ScaledObjectRef* request,
                                                               keda::GetMetricSpecResponse* response) {
  const auto query = QueryOf(*request);
  return Reply(edge_, context, "ExternalScaler.GetMetricSpec", query.status(), response,
               [query](const Catalogue& catalogue) { return SpecOf(catalogue, *query); });
}

grpc::ServerUnaryReactor* ExternalScalerService::GetMetrics(grpc::CallbackServerContext* context,
                                                            const keda::GetMetricsRequest* request,
                                                            keda::GetMetricsResponse* response) {
  const auto query = QueryOf(request->scaledobjectref());
  Status status = query.status();
  if (status.ok() && !request->metricname().empty() && request->metricname() != ScalerMetricName(*query)) {
    status = WithReason(
        WithField(InvalidArgument("metricName: these metadata are of {} alone", ScalerMetricName(*query)),
                  "metricName"),
        "INVALID_METRIC");
  }
  return Reply(edge_, context, "ExternalScaler.GetMetrics", status, response,
               [this, query](const Catalogue& catalogue) {
                 return ValueOf(catalogue, *query, edge_.hooks.wall_time(), answers_);
               });
}

grpc::ServerWriteReactor<keda::GetMetricSpecResponse>* ExternalScalerService::StreamMetricSpec(
    grpc::CallbackServerContext*, const keda::ScaledObjectRef* request) {
  const auto query = QueryOf(*request);
  return Stream<keda::GetMetricSpecResponse>(
      edge_, "ExternalScaler.StreamMetricSpec", query,
      [query](const Catalogue& catalogue) { return SpecOf(catalogue, *query); });
}

}  // namespace shadowd::daemon
