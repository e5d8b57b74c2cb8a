#include "daemon/rpc/otlp_server.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <utility>
#include <vector>

#include "rpc/status_convert.h"

namespace shadowd::daemon {
namespace {

constexpr const char* kExport = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
constexpr auto kDrain = std::chrono::milliseconds(500);

// One call: a message in, a message out. Deletes itself.
class ExportCall final : public grpc::ServerGenericBidiReactor {
 public:
  ExportCall(const OtlpServer::Handler& handler, const std::string& method) : handler_(handler) {
    if (method != kExport) {
      Finish(
          grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "only metrics are taken: " + std::string(kExport)));
    } else {
      StartRead(&request_);
    }
  }

 private:
  void OnReadDone(bool ok) override {
    std::vector<grpc::Slice> slices;
    if (!ok || !request_.Dump(&slices).ok()) {
      return Finish(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no request that could be read"));
    }
    std::string message;
    message.reserve(request_.Length());
    for (const grpc::Slice& slice : slices) {
      message.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
    const StatusOr<std::string> answer = handler_(message);
    if (!answer.ok()) {
      return Finish(rpc::ToGrpc(answer.status()));
    }
    const grpc::Slice slice(*answer);
    response_ = grpc::ByteBuffer(&slice, 1);
    StartWriteAndFinish(&response_, grpc::WriteOptions(), grpc::Status::OK);
  }
  void OnDone() override { delete this; }

  const OtlpServer::Handler& handler_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
};

// The method by its name, without generated code: messages are decoded by hand.
class ExportService final : public grpc::CallbackGenericService {
 public:
  explicit ExportService(OtlpServer::Handler handler) : handler_(std::move(handler)) {}
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new ExportCall(handler_, context->method());
  }

 private:
  OtlpServer::Handler handler_;
};

}  // namespace

struct OtlpServer::Impl {
  explicit Impl(Handler handler) : service(std::make_unique<ExportService>(std::move(handler))) {}
  std::unique_ptr<grpc::CallbackGenericService> service;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

StatusOr<std::unique_ptr<OtlpServer>> OtlpServer::Create(const std::string& address,
                                                         uint64_t message_bytes_max, Handler handler) {
  auto impl = std::make_unique<Impl>(std::move(handler));
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(static_cast<int>(message_bytes_max));
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &impl->port);
  builder.RegisterCallbackGenericService(impl->service.get());
  impl->server = builder.BuildAndStart();
  if (impl->server == nullptr || impl->port == 0) {
    return WithField(AlreadyExists("cannot listen on {}; is the port taken?", address), "ingest.otlp_listen");
  }
  return std::unique_ptr<OtlpServer>(new OtlpServer(std::move(impl)));
}

OtlpServer::OtlpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

OtlpServer::~OtlpServer() {
  impl_->server->Shutdown(std::chrono::system_clock::now() + kDrain);
  impl_->server->Wait();
}

int OtlpServer::port() const {
  return impl_->port;
}

}  // namespace shadowd::daemon
