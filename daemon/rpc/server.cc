#include "daemon/rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server_posix.h>

#include <array>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "daemon/io/lock_file.h"
#include "daemon/rpc/daemon_service.h"
#include "daemon/rpc/decisions_service.h"
#include "daemon/rpc/external_scaler_service.h"
#include "daemon/rpc/read_services.h"
#include "daemon/rpc/services_service.h"
#include "daemon/rpc/telemetry_service.h"

namespace shadowd::daemon {
namespace {

constexpr int kStreamsPerConnectionMax = 128;
constexpr int kThreadsMax = 64;  // of gRPC, in all
constexpr std::chrono::seconds kLoopTurnMax(2);

}  // namespace

struct RpcServer::Impl {
  Impl(Dispatcher& dispatcher, EdgeHooks hooks, const ServerOptions& options)
      : edge(dispatcher, std::move(hooks), options.limits), answers(options.answers_path) {}

  // In the order in which they must outlive each other: services outlive the server.
  std::optional<io::LockFile> lock;
  Edge edge;
  AnswerBook answers;
  ServicesService services{edge};
  TelemetryService telemetry{edge};
  ForecastsService forecasts{edge};
  TrialsService trials{edge};
  ShadowsService shadows{edge};
  DecisionsService decisions{edge};
  ModelsService models{edge};
  CostsService costs{edge};
  DaemonService daemon{edge};
  ExternalScalerService external_scaler{edge, answers};
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<io::PeerListener> listener;
  int tcp_port = 0;
  std::once_flag drain_once;
  std::thread drain;

  std::array<grpc::Service*, 10> All() {
    return {&services,  &telemetry, &forecasts, &trials, &shadows,
            &decisions, &models,    &costs,     &daemon, &external_scaler};
  }
  Status Build(const ServerOptions& options);
  void Accept(io::UniqueFd fd, io::PeerCredentials credentials);
  void FlushLoop();
};

StatusOr<std::unique_ptr<RpcServer>> RpcServer::Create(ServerOptions options, Dispatcher& dispatcher,
                                                       EdgeHooks hooks) {
  auto impl = std::make_unique<Impl>(dispatcher, std::move(hooks), options);
  const std::string lock_path = options.lock_path.empty() ? options.socket.path + ".lock" : options.lock_path;
  SHADOWD_ASSIGN_OR_RETURN(impl->lock, io::LockFile::Acquire(lock_path));
  SHADOWD_ASSIGN_OR_RETURN(impl->listener, io::PeerListener::Create(options.socket));
  SHADOWD_RETURN_IF_ERROR(impl->Build(options));
  Impl* const raw = impl.get();
  impl->listener->Start(
      [raw](io::UniqueFd fd, io::PeerCredentials credentials) { raw->Accept(std::move(fd), credentials); });
  auto server = std::unique_ptr<RpcServer>(new RpcServer(std::move(impl)));
  server->SetServing(false);
  return server;
}

Status RpcServer::Impl::Build(const ServerOptions& options) {
  grpc::EnableDefaultHealthCheckService(true);
  if (options.reflection) {
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  }
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnectionMax);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.SetMaxReceiveMessageSize(options.message_bytes_max);
  builder.SetResourceQuota(grpc::ResourceQuota("shadowd").SetMaxThreads(kThreadsMax));
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 1);
  if (!options.tcp.address.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(const auto credentials, MakeCredentials(options.tcp));
    builder.AddListeningPort(options.tcp.address, credentials, &tcp_port);
  }
  for (grpc::Service* service : All()) {
    builder.RegisterService(service);
  }
  server = builder.BuildAndStart();
  if (server == nullptr || (!options.tcp.address.empty() && tcp_port == 0)) {
    return WithReason(WithField(AlreadyExists("cannot listen on {}; is the port taken?", options.tcp.address),
                                "tcp.address"),
                      "PORT_TAKEN");
  }
  return absl::OkStatus();
}

void RpcServer::Impl::Accept(io::UniqueFd fd, io::PeerCredentials credentials) {
  edge.peers.Set(fd.get(), credentials);
  grpc::AddInsecureChannelFromFd(server.get(), fd.Release());
}

// After two turns of the loop nothing that an ended call left there is still waiting: what a first one posts
// comes second.
void RpcServer::Impl::FlushLoop() {
  for (int turn = 0; turn < 2; ++turn) {
    auto turned = std::make_shared<std::promise<void>>();
    edge.dispatcher.Read([turned](Catalogue&) { turned->set_value(); });
    if (turned->get_future().wait_for(kLoopTurnMax) != std::future_status::ready) {
      return;
    }
  }
}

RpcServer::RpcServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RpcServer::~RpcServer() {
  Drain(Micros(0), [] {});
  impl_->drain.join();
}

void RpcServer::SetServing(bool serving) {
  impl_->edge.serving = serving;
  // Covers the overall name "" and every service known by name.
  impl_->server->GetHealthCheckService()->SetServingStatus(serving);
  for (const char* name : {"Services", "Telemetry", "Forecasts", "Trials", "Shadows", "Decisions", "Models",
                           "Costs", "Daemon"}) {
    impl_->server->GetHealthCheckService()->SetServingStatus(std::string("shadowd.v1.") + name, serving);
  }
  impl_->server->GetHealthCheckService()->SetServingStatus("externalscaler.ExternalScaler", serving);
}

void RpcServer::Drain(Micros grace, std::function<void()> drained) {
  std::call_once(impl_->drain_once, [&] {
    SetServing(false);
    impl_->drain = std::thread([impl = impl_.get(), grace, drained = std::move(drained)] {
      impl->listener->Stop();
      impl->edge.open_calls.DrainAll();
      impl->server->Shutdown(std::chrono::system_clock::now() + grace);
      impl->server->Wait();
      impl->FlushLoop();
      drained();
    });
  });
}

int RpcServer::tcp_port() const {
  return impl_->tcp_port;
}
size_t RpcServer::open_streams() const {
  return impl_->edge.open_calls.size();
}

}  // namespace shadowd::daemon
