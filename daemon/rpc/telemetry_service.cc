#include "daemon/rpc/telemetry_service.h"

#include <utility>

#include "daemon/rpc/command.h"
#include "daemon/rpc/sample_batch.h"
#include "daemon/rpc/sample_stream.h"
#include "daemon/rpc/unary_call.h"
#include "rpc/convert_sample.h"
#include "rpc/resource_name.h"

namespace shadowd::daemon {

grpc::ServerUnaryReactor* TelemetryService::ReportSamples(grpc::CallbackServerContext* context,
                                                          const v1::ReportSamplesRequest* request,
                                                          v1::ReportSamplesResponse* response) {
  return Serve(edge_, context, "Telemetry.ReportSamples", request, response, [](auto call, auto checked) {
    const auto service = rpc::ParseServiceName(checked->parent());
    if (!service.ok()) {
      return call->Answer(WithField(service.status(), "parent"));
    }
    auto events = SampleEvents(checked->samples(), call->edge().hooks.wall_time());
    if (!events.ok()) {
      return call->Answer(events.status());
    }
    const size_t sent = events->size();
    PostSamples(
        call->edge(), *service, *std::move(events), call->actor(),
        [call, sent](const Status& status, int accepted) {
          if (!status.ok()) {
            return call->Answer(Annotate(status, fmt::format("{} of {} samples accepted", accepted, sent)));
          }
          v1::ReportSamplesResponse answer;
          answer.set_accepted_count(accepted);
          call->Answer(std::move(answer));
        });
  });
}

grpc::ServerBidiReactor<v1::StreamSamplesRequest, v1::StreamSamplesResponse>* TelemetryService::StreamSamples(
    grpc::CallbackServerContext* context) {
  auto stream = std::make_shared<SampleStream>(edge_, context);
  stream->Start();
  return stream.get();
}

grpc::ServerUnaryReactor* TelemetryService::ImportHistory(grpc::CallbackServerContext* context,
                                                          const v1::ImportHistoryRequest* request,
                                                          v1::ImportHistoryResponse* response) {
  return Serve(edge_, context, "Telemetry.ImportHistory", request, response, [](auto call, auto checked) {
    const auto service = rpc::ParseServiceName(checked->parent());
    if (!service.ok()) {
      return call->Answer(WithField(service.status(), "parent"));
    }
    auto history = rpc::FromProto(*checked);
    if (!history.ok()) {
      return call->Answer(history.status());
    }
    v1::ImportHistoryResponse answer;
    answer.set_demand_count(checked->demand_size());
    answer.set_point_count(checked->points_size());
    if (checked->validate_only()) {
      return call->Answer(std::move(answer));
    }
    ports::Event event;
    event.service = *service;
    event.payload = ports::ImportHistory{std::move(history->demand_rps), std::move(history->points)};
    event.actor = call->actor();
    call->edge().dispatcher.Post(std::move(event), [call, answer](const StatusOr<ports::ReplyValue>& reply) {
      call->Answer(reply.ok() ? StatusOr<v1::ImportHistoryResponse>(answer)
                              : StatusOr<v1::ImportHistoryResponse>(reply.status()));
    });
  });
}

}  // namespace shadowd::daemon
