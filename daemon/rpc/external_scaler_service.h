// KEDA's external scaler protocol. Only translates: what the metadata ask for is in scaler_query.h, what is
// answered in scaler_answer.h. Nothing is kept per connection: KEDA shares one among all its objects.
#pragma once

#include "daemon/rpc/answer_book.h"
#include "daemon/rpc/edge.h"
#include "externalscaler/externalscaler.grpc.pb.h"

namespace shadowd::daemon {

class ExternalScalerService final : public externalscaler::ExternalScaler::CallbackService {
 public:
  ExternalScalerService(Edge& edge, AnswerBook& answers) : edge_(edge), answers_(answers) {}
  grpc::ServerUnaryReactor* IsActive(grpc::CallbackServerContext*, const externalscaler::ScaledObjectRef*,
                                     externalscaler::IsActiveResponse*) override;
  grpc::ServerWriteReactor<externalscaler::IsActiveResponse>* StreamIsActive(
      grpc::CallbackServerContext*, const externalscaler::ScaledObjectRef*) override;
  grpc::ServerUnaryReactor* GetMetricSpec(grpc::CallbackServerContext*,
                                          const externalscaler::ScaledObjectRef*,
                                          externalscaler::GetMetricSpecResponse*) override;
  grpc::ServerUnaryReactor* GetMetrics(grpc::CallbackServerContext*, const externalscaler::GetMetricsRequest*,
                                       externalscaler::GetMetricsResponse*) override;
  grpc::ServerWriteReactor<externalscaler::GetMetricSpecResponse>* StreamMetricSpec(
      grpc::CallbackServerContext*, const externalscaler::ScaledObjectRef*) override;

 private:
  Edge& edge_;
  AnswerBook& answers_;
};

}  // namespace shadowd::daemon
