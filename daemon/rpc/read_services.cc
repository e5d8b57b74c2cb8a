#include "daemon/rpc/read_services.h"

#include "daemon/rpc/command.h"
#include "daemon/rpc/read_calls.h"
#include "daemon/rpc/watch_call.h"
#include "rpc/convert_model.h"
#include "rpc/convert_replica.h"
#include "rpc/convert_trial.h"
#include "rpc/resource_name.h"

namespace shadowd::daemon {

grpc::ServerUnaryReactor* ForecastsService::GetForecast(grpc::CallbackServerContext* context,
                                                        const v1::GetForecastRequest* request,
                                                        v1::Forecast* response) {
  return ServeGet(edge_, context, "Forecasts.GetForecast", Noun::kForecast, request, response,
                  rpc::ParseForecastName);
}

grpc::ServerUnaryReactor* ForecastsService::ListForecasts(grpc::CallbackServerContext* context,
                                                          const v1::ListForecastsRequest* request,
                                                          v1::ListForecastsResponse* response) {
  return ServeList<v1::Forecast>(edge_, context, "Forecasts.ListForecasts", Noun::kForecast, request,
                                 response, rpc::ParseServiceParent,
                                 &v1::ListForecastsResponse::add_forecasts);
}

grpc::ServerWriteReactor<v1::WatchForecastsResponse>* ForecastsService::WatchForecasts(
    grpc::CallbackServerContext*, const v1::WatchForecastsRequest* request) {
  return ServeWatch(edge_, "Forecasts.WatchForecasts", Noun::kForecast, request, request->parent(),
                    rpc::ParseServiceParent(request->parent()).status(),
                    &v1::WatchForecastsResponse::mutable_forecast);
}

grpc::ServerUnaryReactor* TrialsService::GetTrial(grpc::CallbackServerContext* context,
                                                  const v1::GetTrialRequest* request, v1::Trial* response) {
  return ServeGet(edge_, context, "Trials.GetTrial", Noun::kTrial, request, response, rpc::ParseTrialName);
}

grpc::ServerUnaryReactor* TrialsService::ListTrials(grpc::CallbackServerContext* context,
                                                    const v1::ListTrialsRequest* request,
                                                    v1::ListTrialsResponse* response) {
  return ServeList<v1::Trial>(edge_, context, "Trials.ListTrials", Noun::kTrial, request, response,
                              rpc::ParseServiceParent, &v1::ListTrialsResponse::add_trials);
}

grpc::ServerWriteReactor<v1::WatchTrialsResponse>* TrialsService::WatchTrials(
    grpc::CallbackServerContext*, const v1::WatchTrialsRequest* request) {
  return ServeWatch(edge_, "Trials.WatchTrials", Noun::kTrial, request, request->parent(),
                    rpc::ParseServiceParent(request->parent()).status(),
                    &v1::WatchTrialsResponse::mutable_trial);
}

grpc::ServerUnaryReactor* TrialsService::CancelTrial(grpc::CallbackServerContext* context,
                                                     const v1::CancelTrialRequest* request,
                                                     v1::Trial* response) {
  return Serve(edge_, context, "Trials.CancelTrial", request, response, [](auto call, auto checked) {
    const auto ref = rpc::ParseTrialName(checked->name());
    if (!ref.ok()) {
      return call->Answer(ref.status());
    }
    PostThen<model::Trial>(
        call, ref->service, ports::CancelTrial{ref->trial},
        [](const auto& done, const model::Trial& trial) { done->Answer(rpc::ToProto(trial)); });
  });
}

grpc::ServerUnaryReactor* ShadowsService::GetShadow(grpc::CallbackServerContext* context,
                                                    const v1::GetShadowRequest* request,
                                                    v1::Shadow* response) {
  return ServeGet(edge_, context, "Shadows.GetShadow", Noun::kShadow, request, response,
                  rpc::ParseShadowName);
}

grpc::ServerUnaryReactor* ShadowsService::ListShadows(grpc::CallbackServerContext* context,
                                                      const v1::ListShadowsRequest* request,
                                                      v1::ListShadowsResponse* response) {
  return ServeList<v1::Shadow>(edge_, context, "Shadows.ListShadows", Noun::kShadow, request, response,
                               rpc::ParseTrialParent, &v1::ListShadowsResponse::add_shadows);
}

grpc::ServerWriteReactor<v1::WatchShadowsResponse>* ShadowsService::WatchShadows(
    grpc::CallbackServerContext*, const v1::WatchShadowsRequest* request) {
  return ServeWatch(edge_, "Shadows.WatchShadows", Noun::kShadow, request, request->parent(),
                    rpc::ParseTrialParent(request->parent()).status(),
                    &v1::WatchShadowsResponse::mutable_shadow);
}

grpc::ServerUnaryReactor* ShadowsService::TerminateShadow(grpc::CallbackServerContext* context,
                                                          const v1::TerminateShadowRequest* request,
                                                          v1::Shadow* response) {
  return Serve(edge_, context, "Shadows.TerminateShadow", request, response, [](auto call, auto checked) {
    const auto ref = rpc::ParseShadowName(checked->name());
    if (!ref.ok()) {
      return call->Answer(ref.status());
    }
    PostThen<model::Shadow>(
        call, ref->service, ports::TerminateShadow{ref->shadow},
        [](const auto& done, const model::Shadow& shadow) { done->Answer(rpc::ToProto(shadow)); });
  });
}

grpc::ServerUnaryReactor* ModelsService::GetModel(grpc::CallbackServerContext* context,
                                                  const v1::GetModelRequest* request, v1::Model* response) {
  return ServeGet(edge_, context, "Models.GetModel", Noun::kModel, request, response, rpc::ParseModelName);
}

grpc::ServerUnaryReactor* ModelsService::ListModels(grpc::CallbackServerContext* context,
                                                    const v1::ListModelsRequest* request,
                                                    v1::ListModelsResponse* response) {
  return ServeList<v1::Model>(edge_, context, "Models.ListModels", Noun::kModel, request, response,
                              rpc::ParseServiceParent, &v1::ListModelsResponse::add_models);
}

grpc::ServerWriteReactor<v1::WatchModelsResponse>* ModelsService::WatchModels(
    grpc::CallbackServerContext*, const v1::WatchModelsRequest* request) {
  return ServeWatch(edge_, "Models.WatchModels", Noun::kModel, request, request->parent(),
                    rpc::ParseServiceParent(request->parent()).status(),
                    &v1::WatchModelsResponse::mutable_model);
}

grpc::ServerUnaryReactor* ModelsService::RevertModel(grpc::CallbackServerContext* context,
                                                     const v1::RevertModelRequest* request,
                                                     v1::Model* response) {
  const auto revert = [](auto call, auto checked) {
    const auto ref = rpc::ParseModelName(checked->name());
    if (!ref.ok()) {
      return call->Answer(ref.status());
    }
    call->edge().dispatcher.Read([call, checked, service = ref->service](Catalogue& catalogue) {
      const auto found = Find<v1::Model>(catalogue, Noun::kModel, checked->name());
      auto version = found.ok() ? rpc::FromProto(*found) : StatusOr<model::ModelVersion>(found.status());
      if (!version.ok()) {
        return call->Answer(version.status());
      }
      PostThen<model::ModelVersion>(
          call, service, ports::RevertModel{*std::move(version)},
          [](const auto& done, const model::ModelVersion& made) { done->Answer(rpc::ToProto(made)); });
    });
  };
  return Serve(edge_, context, "Models.RevertModel", request, response, revert);
}

grpc::ServerUnaryReactor* CostsService::GetCost(grpc::CallbackServerContext* context,
                                                const v1::GetCostRequest* request, v1::Cost* response) {
  return ServeGet(edge_, context, "Costs.GetCost", Noun::kCost, request, response, rpc::ParseCostName);
}

grpc::ServerUnaryReactor* CostsService::ListCosts(grpc::CallbackServerContext* context,
                                                  const v1::ListCostsRequest* request,
                                                  v1::ListCostsResponse* response) {
  return ServeList<v1::Cost>(edge_, context, "Costs.ListCosts", Noun::kCost, request, response,
                             rpc::ParseServiceParent, &v1::ListCostsResponse::add_costs);
}

grpc::ServerWriteReactor<v1::WatchCostsResponse>* CostsService::WatchCosts(
    grpc::CallbackServerContext*, const v1::WatchCostsRequest* request) {
  return ServeWatch(edge_, "Costs.WatchCosts", Noun::kCost, request, request->parent(),
                    rpc::ParseServiceParent(request->parent()).status(),
                    &v1::WatchCostsResponse::mutable_cost);
}

}  // namespace shadowd::daemon
