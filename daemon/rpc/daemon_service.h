// The Daemon service of the API: status, the kill switch, and the audit trail.
#pragma once

#include "daemon/rpc/edge.h"
#include "shadowd/v1/daemon.grpc.pb.h"

namespace shadowd::daemon {

class DaemonService final : public v1::Daemon::CallbackService {
 public:
  explicit DaemonService(Edge& edge) : edge_(edge) {}
  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext*, const v1::GetStatusRequest*,
                                      v1::DaemonStatus*) override;
  grpc::ServerUnaryReactor* SetFreeze(grpc::CallbackServerContext*, const v1::SetFreezeRequest*,
                                      v1::DaemonStatus*) override;
  grpc::ServerUnaryReactor* ListAuditEntries(grpc::CallbackServerContext*, const v1::ListAuditEntriesRequest*,
                                             v1::ListAuditEntriesResponse*) override;

 private:
  Edge& edge_;
};

}  // namespace shadowd::daemon
