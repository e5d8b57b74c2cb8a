// The Services service of the API: services, their instances, and what a caller may ask for. Only translates;
// checks of the specification are those of config/.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "daemon/rpc/edge.h"
#include "daemon/rpc/unary_call.h"
#include "shadowd/v1/services.grpc.pb.h"

namespace shadowd::daemon {

class ServicesService final : public v1::Services::CallbackService {
 public:
  explicit ServicesService(Edge& edge) : edge_(edge) {}
  grpc::ServerUnaryReactor* CreateService(grpc::CallbackServerContext*, const v1::CreateServiceRequest*,
                                          v1::Service*) override;
  grpc::ServerUnaryReactor* GetService(grpc::CallbackServerContext*, const v1::GetServiceRequest*,
                                       v1::Service*) override;
  grpc::ServerUnaryReactor* ListServices(grpc::CallbackServerContext*, const v1::ListServicesRequest*,
                                         v1::ListServicesResponse*) override;
  grpc::ServerUnaryReactor* UpdateService(grpc::CallbackServerContext*, const v1::UpdateServiceRequest*,
                                          v1::Service*) override;
  grpc::ServerUnaryReactor* DeleteService(grpc::CallbackServerContext*, const v1::DeleteServiceRequest*,
                                          v1::Service*) override;
  grpc::ServerWriteReactor<v1::WatchServicesResponse>* WatchServices(
      grpc::CallbackServerContext*, const v1::WatchServicesRequest*) override;
  grpc::ServerUnaryReactor* ListInstances(grpc::CallbackServerContext*, const v1::ListInstancesRequest*,
                                          v1::ListInstancesResponse*) override;
  grpc::ServerWriteReactor<v1::WatchInstancesResponse>* WatchInstances(
      grpc::CallbackServerContext*, const v1::WatchInstancesRequest*) override;
  grpc::ServerUnaryReactor* ProposeScaling(grpc::CallbackServerContext*, const v1::ProposeScalingRequest*,
                                           v1::Decision*) override;
  grpc::ServerUnaryReactor* RunNullTrial(grpc::CallbackServerContext*, const v1::RunNullTrialRequest*,
                                         v1::Decision*) override;
  grpc::ServerUnaryReactor* Retrain(grpc::CallbackServerContext*, const v1::RetrainRequest*,
                                    v1::Model*) override;

 private:
  using ServiceCall = std::shared_ptr<TypedCall<v1::Service>>;

  void Create(ServiceCall call, const v1::Service& service, bool validate_only, const std::string& field);
  void Update(ServiceCall call, std::shared_ptr<const v1::UpdateServiceRequest> request, int attempt);
  void Apply(ServiceCall call, model::ServiceSpec spec, const std::string& etag,
             std::function<void(StatusOr<ports::ReplyValue>)> done);

  Edge& edge_;
  std::set<std::string> creating_;  // loop thread only: names whose creation is under way
};

}  // namespace shadowd::daemon
