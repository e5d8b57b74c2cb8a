// The services that mostly read: forecasts, trials, shadows, models and costs. gRPC's threads call them; they
// only translate.
#pragma once

#include "daemon/rpc/edge.h"
#include "shadowd/v1/costs.grpc.pb.h"
#include "shadowd/v1/forecasts.grpc.pb.h"
#include "shadowd/v1/models.grpc.pb.h"
#include "shadowd/v1/shadows.grpc.pb.h"
#include "shadowd/v1/trials.grpc.pb.h"

namespace shadowd::daemon {

class ForecastsService final : public v1::Forecasts::CallbackService {
 public:
  explicit ForecastsService(Edge& edge) : edge_(edge) {}
  grpc::ServerUnaryReactor* GetForecast(grpc::CallbackServerContext*, const v1::GetForecastRequest*,
                                        v1::Forecast*) override;
  grpc::ServerUnaryReactor* ListForecasts(grpc::CallbackServerContext*, const v1::ListForecastsRequest*,
                                          v1::ListForecastsResponse*) override;
  grpc::ServerWriteReactor<v1::WatchForecastsResponse>* WatchForecasts(
      grpc::CallbackServerContext*, const v1::WatchForecastsRequest*) override;

 private:
  Edge& edge_;
};

class TrialsService final : public v1::Trials::CallbackService {
 public:
  explicit TrialsService(Edge& edge) : edge_(edge) {}
  grpc::ServerUnaryReactor* GetTrial(grpc::CallbackServerContext*, const v1::GetTrialRequest*,
                                     v1::Trial*) override;
  grpc::ServerUnaryReactor* ListTrials(grpc::CallbackServerContext*, const v1::ListTrialsRequest*,
                                       v1::ListTrialsResponse*) override;
  grpc::ServerWriteReactor<v1::WatchTrialsResponse>* WatchTrials(grpc::CallbackServerContext*,
                                                                 const v1::WatchTrialsRequest*) override;
  grpc::ServerUnaryReactor* CancelTrial(grpc::CallbackServerContext*, const v1::CancelTrialRequest*,
                                        v1::Trial*) override;

 private:
  Edge& edge_;
};

class ShadowsService final : public v1::Shadows::CallbackService {
 public:
  explicit ShadowsService(Edge& edge) : edge_(edge) {}
  grpc::ServerUnaryReactor* GetShadow(grpc::CallbackServerContext*, const v1::GetShadowRequest*,
                                      v1::Shadow*) override;
  grpc::ServerUnaryReactor* ListShadows(grpc::CallbackServerContext*, const v1::ListShadowsRequest*,
                                        v1::ListShadowsResponse*) override;
  grpc::ServerWriteReactor<v1::WatchShadowsResponse>* WatchShadows(grpc::CallbackServerContext*,
                                                                   const v1::WatchShadowsRequest*) override;
  grpc::ServerUnaryReactor* TerminateShadow(grpc::CallbackServerContext*, const v1::TerminateShadowRequest*,
                                            v1::Shadow*) override;

 private:
  Edge& edge_;
};

class ModelsService final : public v1::Models::CallbackService {
 public:
  explicit ModelsService(Edge& edge) : edge_(edge) {}
  grpc::ServerUnaryReactor* GetModel(grpc::CallbackServerContext*, const v1::GetModelRequest*,
                                     v1::Model*) override;
  grpc::ServerUnaryReactor* ListModels(grpc::CallbackServerContext*, const v1::ListModelsRequest*,
                                       v1::ListModelsResponse*) override;
  grpc::ServerWriteReactor<v1::WatchModelsResponse>* WatchModels(grpc::CallbackServerContext*,
                                                                 const v1::WatchModelsRequest*) override;
  grpc::ServerUnaryReactor* RevertModel(grpc::CallbackServerContext*, const v1::RevertModelRequest*,
                                        v1::Model*) override;

 private:
  Edge& edge_;
};

class CostsService final : public v1::Costs::CallbackService {
 public:
  explicit CostsService(Edge& edge) : edge_(edge) {}
  grpc::ServerUnaryReactor* GetCost(grpc::CallbackServerContext*, const v1::GetCostRequest*,
                                    v1::Cost*) override;
  grpc::ServerUnaryReactor* ListCosts(grpc::CallbackServerContext*, const v1::ListCostsRequest*,
                                      v1::ListCostsResponse*) override;
  grpc::ServerWriteReactor<v1::WatchCostsResponse>* WatchCosts(grpc::CallbackServerContext*,
                                                               const v1::WatchCostsRequest*) override;

 private:
  Edge& edge_;
};

}  // namespace shadowd::daemon
