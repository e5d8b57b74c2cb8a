#include "daemon/rpc/services_service.h"

#include <utility>

#include "config/validate_service.h"
#include "daemon/rpc/catalogue.h"
#include "daemon/rpc/command.h"
#include "daemon/rpc/decision_wait.h"
#include "daemon/rpc/read_calls.h"
#include "daemon/rpc/watch_call.h"
#include "rpc/convert_decision.h"
#include "rpc/convert_model.h"
#include "rpc/convert_service.h"
#include "rpc/resource_name.h"

namespace shadowd::daemon {
namespace {

constexpr int kUpdateAttempts = 4;  // against callers who change the same service meanwhile

StatusOr<model::ServiceSpec> CheckedSpec(const v1::Service& service) {
  SHADOWD_ASSIGN_OR_RETURN(model::ServiceSpec spec, rpc::SpecFromProto(service));
  SHADOWD_RETURN_IF_ERROR(config::ValidateService(spec));
  return spec;
}

// What a validate_only call answers: the service as it would be.
v1::Service WouldBe(const model::ServiceSpec& spec, v1::Service base) {
  rpc::ToProto(spec, &base);
  return base;
}

// The service as readers see it; one that is gone already is as the core answered.
void AnswerService(std::shared_ptr<TypedCall<v1::Service>> call, model::Service service) {
  call->edge().dispatcher.Read([call, service = std::move(service)](Catalogue& catalogue) {
    const auto found = Find<v1::Service>(catalogue, Noun::kService, rpc::ServiceName(service.spec.id));
    call->Answer(found.ok() ? found : StatusOr<v1::Service>(rpc::ToProto(service)));
  });
}

Status EtagMismatch() {
  return WithReason(WithField(Aborted("the service was changed meanwhile; read it again"), "etag"),
                    "ETAG_MISMATCH");
}

}  // namespace

grpc::ServerUnaryReactor* ServicesService::CreateService(grpc::CallbackServerContext* context,
                                                         const v1::CreateServiceRequest* request,
                                                         v1::Service* response) {
  return Serve(edge_, context, "Services.CreateService", request, response, [this](auto call, auto checked) {
    if (const Status status = rpc::CheckServiceId(checked->service_id()); !status.ok()) {
      return call->Answer(WithField(status, "service_id"));
    }
    v1::Service service = checked->service();
    service.set_name(rpc::ServiceName(model::ServiceId(checked->service_id())));
    Create(call, service, checked->validate_only(), "service");
  });
}

void ServicesService::Create(ServiceCall call, const v1::Service& service, bool validate_only,
                             const std::string& field) {
  const auto spec = CheckedSpec(service);
  if (!spec.ok()) {
    return call->Answer(InField(spec.status(), field));
  }
  edge_.dispatcher.Read([this, call, spec = *spec, validate_only,
                         name = service.name()](Catalogue& catalogue) {
    if (catalogue.Get(Noun::kService, name) != nullptr || creating_.contains(name)) {
      return call->Answer(WithReason(AlreadyExists("there is a service {} already", name), "ALREADY_EXISTS"));
    }
    if (catalogue.size(Noun::kService) + creating_.size() >= edge_.limits.services_max) {
      return call->Answer(WithReason(
          ResourceExhausted("{} services are the limit", edge_.limits.services_max), "TOO_MANY_SERVICES"));
    }
    if (validate_only) {
      return call->Answer(WouldBe(spec, {}));
    }
    creating_.insert(name);
    Apply(call, spec, "", [this, call, name](const StatusOr<ports::ReplyValue>& reply) {
      creating_.erase(name);  // posted from the loop, so answered on it
      reply.ok() ? AnswerService(call, std::get<model::Service>(*reply)) : call->Answer(reply.status());
    });
  });
}

void ServicesService::Apply(ServiceCall call, model::ServiceSpec spec, const std::string& etag,
                            std::function<void(StatusOr<ports::ReplyValue>)> done) {
  ports::Event event;
  event.service = spec.id;
  event.payload = ports::ApplyService{std::move(spec), etag};
  event.actor = call->actor();
  edge_.dispatcher.Post(std::move(event), [done = std::move(done)](StatusOr<ports::ReplyValue> reply) {
    if (reply.ok() && !std::holds_alternative<model::Service>(*reply)) {
      reply = Internal("the core answered with another kind of resource");
    }
    done(std::move(reply));
  });
}

grpc::ServerUnaryReactor* ServicesService::UpdateService(grpc::CallbackServerContext* context,
                                                         const v1::UpdateServiceRequest* request,
                                                         v1::Service* response) {
  return Serve(edge_, context, "Services.UpdateService", request, response, [this](auto call, auto checked) {
    if (const auto id = rpc::ParseServiceName(checked->service().name()); !id.ok()) {
      return call->Answer(InField(id.status(), "service"));
    }
    Update(call, checked, 1);
  });
}

// Merges into the service as it is and applies the result under the etag it had, so that no change of another
// caller is lost.
void ServicesService::Update(ServiceCall call, std::shared_ptr<const v1::UpdateServiceRequest> request,
                             int attempt) {
  edge_.dispatcher.Read([this, call, request, attempt](Catalogue& catalogue) {
    const v1::Service& patch = request->service();
    const auto current = Find<v1::Service>(catalogue, Noun::kService, patch.name());
    if (!current.ok()) {
      return request->allow_missing() ? Create(call, patch, request->validate_only(), "service")
                                      : call->Answer(current.status());
    }
    if (!patch.etag().empty() && patch.etag() != current->etag()) {
      return call->Answer(EtagMismatch());
    }
    v1::Service merged = *current;
    const auto* mask = request->has_update_mask() ? &request->update_mask() : nullptr;
    if (const Status status = rpc::ApplyUpdate(patch, mask, &merged); !status.ok()) {
      return call->Answer(status);
    }
    const auto spec = CheckedSpec(merged);
    if (!spec.ok()) {
      return call->Answer(InField(spec.status(), "service"));
    }
    if (request->validate_only()) {
      return call->Answer(WouldBe(*spec, *current));
    }
    Apply(call, *spec, current->etag(),
          [this, call, request, attempt](const StatusOr<ports::ReplyValue>& reply) {
            if (reply.ok()) {
              return AnswerService(call, std::get<model::Service>(*reply));
            }
            const bool again = absl::IsAborted(reply.status()) && request->service().etag().empty() &&
                               attempt < kUpdateAttempts;
            again ? Update(call, request, attempt + 1) : call->Answer(reply.status());
          });
  });
}

grpc::ServerUnaryReactor* ServicesService::DeleteService(grpc::CallbackServerContext* context,
                                                         const v1::DeleteServiceRequest* request,
                                                         v1::Service* response) {
  return Serve(edge_, context, "Services.DeleteService", request, response, [](auto call, auto checked) {
    const auto id = rpc::ParseServiceName(checked->name());
    if (!id.ok()) {
      return call->Answer(id.status());
    }
    call->edge().dispatcher.Read([call, checked, id = *id](Catalogue& catalogue) {
      const auto current = Find<v1::Service>(catalogue, Noun::kService, checked->name());
      if (!current.ok() || checked->validate_only()) {
        return call->Answer(current);
      }
      if (!checked->etag().empty() && checked->etag() != current->etag()) {
        return call->Answer(EtagMismatch());
      }
      PostThen<model::Service>(
          call, id, ports::DeleteService{},
          [](const auto& done, const model::Service& service) { AnswerService(done, service); });
    });
  });
}

grpc::ServerUnaryReactor* ServicesService::GetService(grpc::CallbackServerContext* context,
                                                      const v1::GetServiceRequest* request,
                                                      v1::Service* response) {
  return ServeGet(edge_, context, "Services.GetService", Noun::kService, request, response,
                  rpc::ParseServiceName);
}

grpc::ServerUnaryReactor* ServicesService::ListServices(grpc::CallbackServerContext* context,
                                                        const v1::ListServicesRequest* request,
                                                        v1::ListServicesResponse* response) {
  return Serve(edge_, context, "Services.ListServices", request, response, [](auto call, auto checked) {
    AnswerList<v1::Service>(call, *checked, {Noun::kService, ""}, &v1::ListServicesResponse::add_services);
  });
}

grpc::ServerWriteReactor<v1::WatchServicesResponse>* ServicesService::WatchServices(
    grpc::CallbackServerContext*, const v1::WatchServicesRequest* request) {
  return ServeWatch(edge_, "Services.WatchServices", Noun::kService, request, "", absl::OkStatus(),
                    &v1::WatchServicesResponse::mutable_service);
}

grpc::ServerUnaryReactor* ServicesService::ListInstances(grpc::CallbackServerContext* context,
                                                         const v1::ListInstancesRequest* request,
                                                         v1::ListInstancesResponse* response) {
  return ServeList<v1::Instance>(edge_, context, "Services.ListInstances", Noun::kInstance, request, response,
                                 rpc::ParseServiceParent, &v1::ListInstancesResponse::add_instances);
}

grpc::ServerWriteReactor<v1::WatchInstancesResponse>* ServicesService::WatchInstances(
    grpc::CallbackServerContext*, const v1::WatchInstancesRequest* request) {
  return ServeWatch(edge_, "Services.WatchInstances", Noun::kInstance, request, request->parent(),
                    rpc::ParseServiceParent(request->parent()).status(),
                    &v1::WatchInstancesResponse::mutable_instance);
}

namespace {

Status CheckWithinBounds(const v1::Service& service, int replicas) {
  if (replicas < service.bounds().min() || replicas > service.bounds().max()) {
    return WithReason(
        WithField(InvalidArgument("replicas: {} is outside the bounds {}..{} of {}", replicas,
                                  service.bounds().min(), service.bounds().max(), service.name()),
                  "replicas"),
        "OUT_OF_BOUNDS");
  }
  return absl::OkStatus();
}

constexpr size_t kRepeatsAmong = 64;  // newest decisions of the service

// The decision that a proposal with this request id led to before the daemon started anew; null without one.
// Within one life of the daemon the call itself is repeated.
StatusOr<const v1::Decision*> EarlierProposal(const std::vector<Resource>& decisions,
                                              const v1::ProposeScalingRequest& request) {
  if (request.request_id().empty()) {
    return nullptr;
  }
  for (const Resource& resource : decisions) {
    const auto& decision = static_cast<const v1::Decision&>(*resource);
    if (decision.trigger().kind() != v1::Trigger::PROPOSAL ||
        decision.trigger().request_id() != request.request_id()) {
      continue;
    }
    if (decision.trigger().planned() == request.replicas()) {
      return &decision;
    }
    return WithReason(WithField(InvalidArgument("request_id: used before for {} replicas, by {}",
                                                decision.trigger().planned(), decision.name()),
                                "request_id"),
                      "REQUEST_ID_REUSED");
  }
  return nullptr;
}

void AnswerProposal(std::shared_ptr<TypedCall<v1::Decision>> call, v1::Decision decision, Micros wait) {
  if (wait > Micros(0) && decision.kind() == v1::Decision::PROVISIONAL) {
    const std::string name = decision.name();
    return WaitForDecision(call, name, wait, std::move(decision));
  }
  call->Answer(std::move(decision));
}

}  // namespace

grpc::ServerUnaryReactor* ServicesService::ProposeScaling(grpc::CallbackServerContext* context,
                                                          const v1::ProposeScalingRequest* request,
                                                          v1::Decision* response) {
  const auto propose = [](auto call, auto checked) {
    const auto id = rpc::ParseServiceName(checked->name());
    const auto wait = WaitOf(checked->has_wait_timeout(), checked->wait_timeout());
    if (!id.ok() || !wait.ok()) {
      return call->Answer(!id.ok() ? id.status() : wait.status());
    }
    call->edge().dispatcher.Read([call, checked, id = *id, wait = *wait](Catalogue& catalogue) {
      const auto service = Find<v1::Service>(catalogue, Noun::kService, checked->name());
      if (!service.ok()) {
        return call->Answer(service.status());
      }
      const auto decisions =
          catalogue.List(Noun::kDecision, ParentFilter(checked->name()), "", kRepeatsAmong);
      const auto earlier = EarlierProposal(decisions, *checked);
      if (!earlier.ok() || *earlier != nullptr) {
        return earlier.ok() ? AnswerProposal(call, **earlier, wait) : call->Answer(earlier.status());
      }
      if (const Status status = CheckWithinBounds(*service, checked->replicas()); !status.ok()) {
        return call->Answer(status);
      }
      if (checked->validate_only()) {
        v1::Decision decision;
        decision.set_kind(v1::Decision::PROVISIONAL);
        decision.set_from(service->target());
        decision.set_planned(checked->replicas());
        return call->Answer(std::move(decision));
      }
      PostThen<model::Decision>(call, id, ports::ProposeScaling{checked->replicas(), checked->request_id()},
                                [wait](const auto& done, const model::Decision& decision) {
                                  AnswerProposal(done, rpc::ToProto(decision), wait);
                                });
    });
  };
  return Serve(edge_, context, "Services.ProposeScaling", request, response, propose,
               request->has_wait_timeout() ? kWaitMax : Micros(0));
}

grpc::ServerUnaryReactor* ServicesService::RunNullTrial(grpc::CallbackServerContext* context,
                                                        const v1::RunNullTrialRequest* request,
                                                        v1::Decision* response) {
  const auto run = [](auto call, auto checked) {
    const auto id = rpc::ParseServiceName(checked->name());
    const auto wait = WaitOf(checked->has_wait_timeout(), checked->wait_timeout());
    if (!id.ok() || !wait.ok()) {
      return call->Answer(!id.ok() ? id.status() : wait.status());
    }
    PostThen<model::Decision>(call, *id, ports::RunNullTrial{checked->request_id()},
                              [wait = *wait](const auto& done, const model::Decision& decision) {
                                AnswerProposal(done, rpc::ToProto(decision), wait);
                              });
  };
  return Serve(edge_, context, "Services.RunNullTrial", request, response, run,
               request->has_wait_timeout() ? kWaitMax : Micros(0));
}

grpc::ServerUnaryReactor* ServicesService::Retrain(grpc::CallbackServerContext* context,
                                                   const v1::RetrainRequest* request, v1::Model* response) {
  return Serve(edge_, context, "Services.Retrain", request, response, [](auto call, auto checked) {
    const auto id = rpc::ParseServiceName(checked->name());
    if (!id.ok()) {
      return call->Answer(id.status());
    }
    PostThen<model::ModelVersion>(
        call, *id, ports::Retrain{},
        [](const auto& done, const model::ModelVersion& version) { done->Answer(rpc::ToProto(version)); });
  });
}

}  // namespace shadowd::daemon
