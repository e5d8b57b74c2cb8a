// The Telemetry service of the API: samples by call and by stream, and imported history. What is acknowledged
// is durable.
#pragma once

#include "daemon/rpc/edge.h"
#include "shadowd/v1/telemetry.grpc.pb.h"

namespace shadowd::daemon {

class TelemetryService final : public v1::Telemetry::CallbackService {
 public:
  explicit TelemetryService(Edge& edge) : edge_(edge) {}
  grpc::ServerUnaryReactor* ReportSamples(grpc::CallbackServerContext*, const v1::ReportSamplesRequest*,
                                          v1::ReportSamplesResponse*) override;
  grpc::ServerBidiReactor<v1::StreamSamplesRequest, v1::StreamSamplesResponse>* StreamSamples(
      grpc::CallbackServerContext*) override;
  grpc::ServerUnaryReactor* ImportHistory(grpc::CallbackServerContext*, const v1::ImportHistoryRequest*,
                                          v1::ImportHistoryResponse*) override;

 private:
  Edge& edge_;
};

}  // namespace shadowd::daemon
