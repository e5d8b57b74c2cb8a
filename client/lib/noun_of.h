// Which methods and messages of the API belong to which noun, so that Get, List and Watch are written once.
#pragma once

#include "shadowd/v1/costs.grpc.pb.h"
#include "shadowd/v1/decisions.grpc.pb.h"
#include "shadowd/v1/forecasts.grpc.pb.h"
#include "shadowd/v1/models.grpc.pb.h"
#include "shadowd/v1/services.grpc.pb.h"
#include "shadowd/v1/shadows.grpc.pb.h"
#include "shadowd/v1/trials.grpc.pb.h"

namespace shadowd::client {

template <typename T>
struct NounOf;

template <>
struct NounOf<v1::Service> {
  using Stub = v1::Services::Stub;
  using ListRequest = v1::ListServicesRequest;
  using ListResponse = v1::ListServicesResponse;
  using WatchRequest = v1::WatchServicesRequest;
  using WatchResponse = v1::WatchServicesResponse;
  using GetRequest = v1::GetServiceRequest;
  static constexpr grpc::Status (Stub::*kGet)(grpc::ClientContext*, const GetRequest&,
                                              v1::Service*) = &Stub::GetService;
  static constexpr grpc::Status (Stub::*kList)(grpc::ClientContext*, const ListRequest&,
                                               ListResponse*) = &Stub::ListServices;
  static auto Watch(Stub& stub, grpc::ClientContext* context, const WatchRequest& request) {
    return stub.WatchServices(context, request);
  }
  static auto& Items(ListResponse& response) { return *response.mutable_services(); }
  static v1::Service& Item(WatchResponse& response) { return *response.mutable_service(); }
};

template <>
struct NounOf<v1::Instance> {
  using Stub = v1::Services::Stub;
  using ListRequest = v1::ListInstancesRequest;
  using ListResponse = v1::ListInstancesResponse;
  using WatchRequest = v1::WatchInstancesRequest;
  using WatchResponse = v1::WatchInstancesResponse;
  static constexpr grpc::Status (Stub::*kList)(grpc::ClientContext*, const ListRequest&,
                                               ListResponse*) = &Stub::ListInstances;
  static auto Watch(Stub& stub, grpc::ClientContext* context, const WatchRequest& request) {
    return stub.WatchInstances(context, request);
  }
  static auto& Items(ListResponse& response) { return *response.mutable_instances(); }
  static v1::Instance& Item(WatchResponse& response) { return *response.mutable_instance(); }
};

template <>
struct NounOf<v1::Forecast> {
  using Stub = v1::Forecasts::Stub;
  using ListRequest = v1::ListForecastsRequest;
  using ListResponse = v1::ListForecastsResponse;
  using WatchRequest = v1::WatchForecastsRequest;
  using WatchResponse = v1::WatchForecastsResponse;
  using GetRequest = v1::GetForecastRequest;
  static constexpr grpc::Status (Stub::*kGet)(grpc::ClientContext*, const GetRequest&,
                                              v1::Forecast*) = &Stub::GetForecast;
  static constexpr grpc::Status (Stub::*kList)(grpc::ClientContext*, const ListRequest&,
                                               ListResponse*) = &Stub::ListForecasts;
  static auto Watch(Stub& stub, grpc::ClientContext* context, const WatchRequest& request) {
    return stub.WatchForecasts(context, request);
  }
  static auto& Items(ListResponse& response) { return *response.mutable_forecasts(); }
  static v1::Forecast& Item(WatchResponse& response) { return *response.mutable_forecast(); }
};

template <>
struct NounOf<v1::Trial> {
  using Stub = v1::Trials::Stub;
  using ListRequest = v1::ListTrialsRequest;
  using ListResponse = v1::ListTrialsResponse;
  using WatchRequest = v1::WatchTrialsRequest;
  using WatchResponse = v1::WatchTrialsResponse;
  using GetRequest = v1::GetTrialRequest;
  static constexpr grpc::Status (Stub::*kGet)(grpc::ClientContext*, const GetRequest&,
                                              v1::Trial*) = &Stub::GetTrial;
  static constexpr grpc::Status (Stub::*kList)(grpc::ClientContext*, const ListRequest&,
                                               ListResponse*) = &Stub::ListTrials;
  static auto Watch(Stub& stub, grpc::ClientContext* context, const WatchRequest& request) {
    return stub.WatchTrials(context, request);
  }
  static auto& Items(ListResponse& response) { return *response.mutable_trials(); }
  static v1::Trial& Item(WatchResponse& response) { return *response.mutable_trial(); }
};

template <>
struct NounOf<v1::Shadow> {
  using Stub = v1::Shadows::Stub;
  using ListRequest = v1::ListShadowsRequest;
  using ListResponse = v1::ListShadowsResponse;
  using WatchRequest = v1::WatchShadowsRequest;
  using WatchResponse = v1::WatchShadowsResponse;
  using GetRequest = v1::GetShadowRequest;
  static constexpr grpc::Status (Stub::*kGet)(grpc::ClientContext*, const GetRequest&,
                                              v1::Shadow*) = &Stub::GetShadow;
  static constexpr grpc::Status (Stub::*kList)(grpc::ClientContext*, const ListRequest&,
                                               ListResponse*) = &Stub::ListShadows;
  static auto Watch(Stub& stub, grpc::ClientContext* context, const WatchRequest& request) {
    return stub.WatchShadows(context, request);
  }
  static auto& Items(ListResponse& response) { return *response.mutable_shadows(); }
  static v1::Shadow& Item(WatchResponse& response) { return *response.mutable_shadow(); }
};

template <>
struct NounOf<v1::Decision> {
  using Stub = v1::Decisions::Stub;
  using ListRequest = v1::ListDecisionsRequest;
  using ListResponse = v1::ListDecisionsResponse;
  using WatchRequest = v1::WatchDecisionsRequest;
  using WatchResponse = v1::WatchDecisionsResponse;
  using GetRequest = v1::GetDecisionRequest;
  static constexpr grpc::Status (Stub::*kGet)(grpc::ClientContext*, const GetRequest&,
                                              v1::Decision*) = &Stub::GetDecision;
  static constexpr grpc::Status (Stub::*kList)(grpc::ClientContext*, const ListRequest&,
                                               ListResponse*) = &Stub::ListDecisions;
  static auto Watch(Stub& stub, grpc::ClientContext* context, const WatchRequest& request) {
    return stub.WatchDecisions(context, request);
  }
  static auto& Items(ListResponse& response) { return *response.mutable_decisions(); }
  static v1::Decision& Item(WatchResponse& response) { return *response.mutable_decision(); }
};

template <>
struct NounOf<v1::Model> {
  using Stub = v1::Models::Stub;
  using ListRequest = v1::ListModelsRequest;
  using ListResponse = v1::ListModelsResponse;
  using WatchRequest = v1::WatchModelsRequest;
  using WatchResponse = v1::WatchModelsResponse;
  using GetRequest = v1::GetModelRequest;
  static constexpr grpc::Status (Stub::*kGet)(grpc::ClientContext*, const GetRequest&,
                                              v1::Model*) = &Stub::GetModel;
  static constexpr grpc::Status (Stub::*kList)(grpc::ClientContext*, const ListRequest&,
                                               ListResponse*) = &Stub::ListModels;
  static auto Watch(Stub& stub, grpc::ClientContext* context, const WatchRequest& request) {
    return stub.WatchModels(context, request);
  }
  static auto& Items(ListResponse& response) { return *response.mutable_models(); }
  static v1::Model& Item(WatchResponse& response) { return *response.mutable_model(); }
};

template <>
struct NounOf<v1::Cost> {
  using Stub = v1::Costs::Stub;
  using ListRequest = v1::ListCostsRequest;
  using ListResponse = v1::ListCostsResponse;
  using WatchRequest = v1::WatchCostsRequest;
  using WatchResponse = v1::WatchCostsResponse;
  using GetRequest = v1::GetCostRequest;
  static constexpr grpc::Status (Stub::*kGet)(grpc::ClientContext*, const GetRequest&,
                                              v1::Cost*) = &Stub::GetCost;
  static constexpr grpc::Status (Stub::*kList)(grpc::ClientContext*, const ListRequest&,
                                               ListResponse*) = &Stub::ListCosts;
  static auto Watch(Stub& stub, grpc::ClientContext* context, const WatchRequest& request) {
    return stub.WatchCosts(context, request);
  }
  static auto& Items(ListResponse& response) { return *response.mutable_costs(); }
  static v1::Cost& Item(WatchResponse& response) { return *response.mutable_cost(); }
};

}  // namespace shadowd::client
