#include "shadowd/client.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <utility>

#include "noun_of.h"
#include "shadowd/v1/daemon.grpc.pb.h"
#include "shadowd/v1/telemetry.grpc.pb.h"
#include "transport.h"

namespace shadowd::client {
namespace {

using std::chrono::milliseconds;

constexpr size_t kImportBatch = 20'000;
constexpr size_t kImportPointsBatch = 5'000;

google::protobuf::Duration ToDuration(milliseconds length) {
  return google::protobuf::util::TimeUtil::MillisecondsToDuration(length.count());
}

// A request about one resource, under an id of its own.
template <typename Request>
Request Named(const std::string& name) {
  Request request;
  request.set_name(name);
  request.set_request_id(NewRequestId());
  return request;
}

}  // namespace

std::string ReasonOf(const absl::Status& status) {
  return shadowd::ReasonOf(status);
}
std::string FieldOf(const absl::Status& status) {
  return shadowd::FieldOf(status);
}

absl::StatusOr<std::unique_ptr<Client>> Client::Connect(const Options& options) {
  SHADOWD_ASSIGN_OR_RETURN(auto transport, Transport::Create(options));
  return std::unique_ptr<Client>(new Client(std::move(transport)));
}

Client::Client(std::shared_ptr<Transport> transport) : transport_(std::move(transport)) {}
Client::~Client() = default;

template <typename T>
absl::StatusOr<T> Client::Get(const std::string& name) {
  typename NounOf<T>::GetRequest request;
  request.set_name(name);
  return transport_->Call(NounOf<T>::kGet, request);
}

// The API lists instances but has no Get for them.
template <>
absl::StatusOr<v1::Instance> Client::Get(const std::string& name) {
  Pager<v1::Instance> pager = List<v1::Instance>(name.substr(0, name.find("/instances/")));
  while (true) {
    SHADOWD_ASSIGN_OR_RETURN(auto instance, pager.Next());
    if (!instance.has_value()) {
      return NotFound("there is no instance {}", name);
    }
    if (instance->name() == name) {
      return *std::move(instance);
    }
  }
}

template <typename T>
Pager<T> Client::List(const std::string& parent, int page_size) {
  return Pager<T>(transport_, parent, page_size);
}

absl::StatusOr<v1::Service> Client::ApplyService(const v1::Service& service, bool validate_only) {
  v1::UpdateServiceRequest request;
  *request.mutable_service() = service;
  request.mutable_update_mask()->add_paths(std::string("*"));
  request.set_allow_missing(true);
  request.set_validate_only(validate_only);
  request.set_request_id(NewRequestId());
  return transport_->Call(&v1::Services::Stub::UpdateService, request);
}

absl::StatusOr<v1::Service> Client::CreateService(const std::string& id, const v1::Service& service) {
  v1::CreateServiceRequest request;
  request.set_service_id(id);
  *request.mutable_service() = service;
  request.set_request_id(NewRequestId());
  return transport_->Call(&v1::Services::Stub::CreateService, request);
}

absl::StatusOr<v1::Service> Client::UpdateService(const v1::Service& service,
                                                  const std::vector<std::string>& paths) {
  v1::UpdateServiceRequest request;
  *request.mutable_service() = service;
  for (const std::string& path : paths) {
    request.mutable_update_mask()->add_paths(path);
  }
  request.set_request_id(NewRequestId());
  return transport_->Call(&v1::Services::Stub::UpdateService, request);
}

absl::StatusOr<v1::Service> Client::DeleteService(const std::string& name) {
  return transport_->Call(&v1::Services::Stub::DeleteService, Named<v1::DeleteServiceRequest>(name));
}

absl::StatusOr<v1::Decision> Client::ProposeScaling(const std::string& service, int replicas,
                                                    milliseconds wait) {
  auto request = Named<v1::ProposeScalingRequest>(service);
  request.set_replicas(replicas);
  if (wait.count() > 0) {
    *request.mutable_wait_timeout() = ToDuration(wait);
  }
  return transport_->Call(&v1::Services::Stub::ProposeScaling, request, wait);
}

absl::StatusOr<v1::Decision> Client::RunNullTrial(const std::string& service, milliseconds wait) {
  auto request = Named<v1::RunNullTrialRequest>(service);
  if (wait.count() > 0) {
    *request.mutable_wait_timeout() = ToDuration(wait);
  }
  return transport_->Call(&v1::Services::Stub::RunNullTrial, request, wait);
}

absl::StatusOr<v1::Model> Client::RevertModel(const std::string& model) {
  return transport_->Call(&v1::Models::Stub::RevertModel, Named<v1::RevertModelRequest>(model));
}

absl::StatusOr<v1::Model> Client::Retrain(const std::string& service) {
  return transport_->Call(&v1::Services::Stub::Retrain, Named<v1::RetrainRequest>(service));
}

absl::StatusOr<v1::Trial> Client::CancelTrial(const std::string& name) {
  return transport_->Call(&v1::Trials::Stub::CancelTrial, Named<v1::CancelTrialRequest>(name));
}

absl::StatusOr<v1::Shadow> Client::TerminateShadow(const std::string& name) {
  return transport_->Call(&v1::Shadows::Stub::TerminateShadow, Named<v1::TerminateShadowRequest>(name));
}

absl::StatusOr<v1::Decision> Client::WaitDecision(const std::string& name, milliseconds wait) {
  v1::GetDecisionRequest request;
  request.set_name(name);
  *request.mutable_wait_timeout() = ToDuration(wait);
  return transport_->Call(&v1::Decisions::Stub::GetDecision, request, wait);
}

absl::StatusOr<v1::Decision> Client::ApproveDecision(const std::string& name) {
  return transport_->Call(&v1::Decisions::Stub::ApproveDecision, Named<v1::ApproveDecisionRequest>(name));
}

absl::StatusOr<v1::Decision> Client::RejectDecision(const std::string& name) {
  return transport_->Call(&v1::Decisions::Stub::RejectDecision, Named<v1::RejectDecisionRequest>(name));
}

absl::StatusOr<int> Client::ReportSamples(const std::string& service,
                                          const std::vector<v1::Sample>& samples) {
  v1::ReportSamplesRequest request;
  request.set_parent(service);
  request.mutable_samples()->Add(samples.begin(), samples.end());
  request.set_request_id(NewRequestId());
  SHADOWD_ASSIGN_OR_RETURN(const auto response,
                           transport_->Call(&v1::Telemetry::Stub::ReportSamples, request));
  return response.accepted_count();
}

absl::StatusOr<v1::ImportHistoryResponse> Client::ImportHistory(
    const std::string& service, const std::vector<v1::DemandSample>& demand,
    const std::vector<v1::CapacityPoint>& points) {
  v1::ImportHistoryResponse total;
  size_t next_demand = 0;
  size_t next_point = 0;
  do {
    v1::ImportHistoryRequest request;
    request.set_parent(service);
    request.set_request_id(NewRequestId());
    for (size_t i = 0; i < kImportBatch && next_demand < demand.size(); ++i) {
      *request.add_demand() = demand[next_demand++];
    }
    for (size_t i = 0; i < kImportPointsBatch && next_point < points.size(); ++i) {
      *request.add_points() = points[next_point++];
    }
    SHADOWD_ASSIGN_OR_RETURN(const auto response,
                             transport_->Call(&v1::Telemetry::Stub::ImportHistory, request));
    total.set_demand_count(total.demand_count() + response.demand_count());
    total.set_point_count(total.point_count() + response.point_count());
  } while (next_demand < demand.size() || next_point < points.size());
  return total;
}

absl::StatusOr<v1::DaemonStatus> Client::GetStatus() {
  return transport_->Call(&v1::Daemon::Stub::GetStatus, v1::GetStatusRequest());
}

absl::StatusOr<v1::DaemonStatus> Client::SetFreeze(bool frozen, const std::string& reason) {
  v1::SetFreezeRequest request;
  request.set_frozen(frozen);
  request.set_reason(reason);
  request.set_request_id(NewRequestId());
  return transport_->Call(&v1::Daemon::Stub::SetFreeze, request);
}

absl::StatusOr<std::vector<v1::AuditEntry>> Client::ListAuditEntries(int max) {
  std::vector<v1::AuditEntry> entries;
  v1::ListAuditEntriesRequest request;
  do {
    request.set_page_size(std::min(max - static_cast<int>(entries.size()), 1'000));
    SHADOWD_ASSIGN_OR_RETURN(const auto page, transport_->Call(&v1::Daemon::Stub::ListAuditEntries, request));
    entries.insert(entries.end(), page.audit_entries().begin(), page.audit_entries().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && static_cast<int>(entries.size()) < max);
  return entries;
}

template absl::StatusOr<v1::Service> Client::Get(const std::string&);
template absl::StatusOr<v1::Forecast> Client::Get(const std::string&);
template absl::StatusOr<v1::Trial> Client::Get(const std::string&);
template absl::StatusOr<v1::Shadow> Client::Get(const std::string&);
template absl::StatusOr<v1::Decision> Client::Get(const std::string&);
template absl::StatusOr<v1::Model> Client::Get(const std::string&);
template absl::StatusOr<v1::Cost> Client::Get(const std::string&);
template Pager<v1::Service> Client::List(const std::string&, int);
template Pager<v1::Instance> Client::List(const std::string&, int);
template Pager<v1::Forecast> Client::List(const std::string&, int);
template Pager<v1::Trial> Client::List(const std::string&, int);
template Pager<v1::Shadow> Client::List(const std::string&, int);
template Pager<v1::Decision> Client::List(const std::string&, int);
template Pager<v1::Model> Client::List(const std::string&, int);
template Pager<v1::Cost> Client::List(const std::string&, int);

}  // namespace shadowd::client
