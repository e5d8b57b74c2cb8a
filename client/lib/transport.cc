#include "transport.h"

#include <algorithm>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "rpc/status_convert.h"

namespace shadowd::client {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{100};
constexpr milliseconds kLongestPause{5'000};
constexpr milliseconds kConnectLimit{5'000};  // of one attempt: a busy machine answers late
constexpr int kMessageBytesMax = 64 << 20;

uint64_t RandomBits() {
  static thread_local std::mt19937_64 engine(std::random_device{}());
  return engine();
}

StatusOr<std::string> ReadFile(const std::string& path, const char* field) {
  if (path.empty()) {
    return std::string();
  }
  std::ifstream file(path);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return WithField(NotFound("cannot read {}", path), field);
  }
  return text.str();
}

StatusOr<std::shared_ptr<grpc::ChannelCredentials>> CredentialsOf(const Options& options) {
  if (options.ca_file.empty() && options.cert_file.empty()) {
    return grpc::InsecureChannelCredentials();
  }
  grpc::SslCredentialsOptions ssl;
  SHADOWD_ASSIGN_OR_RETURN(ssl.pem_root_certs, ReadFile(options.ca_file, "ca_file"));
  SHADOWD_ASSIGN_OR_RETURN(ssl.pem_cert_chain, ReadFile(options.cert_file, "cert_file"));
  SHADOWD_ASSIGN_OR_RETURN(ssl.pem_private_key, ReadFile(options.key_file, "key_file"));
  return grpc::SslCredentials(ssl);
}

Status CheckAddress(const std::string& address) {
  const bool unix_path = address.rfind("unix:///", 0) == 0 && address.size() > 8;
  const bool host_port = address.find("://") == std::string::npos &&
                         address.rfind(':') != std::string::npos && address.back() != ':' &&
                         address.front() != ':';
  if (!unix_path && !host_port) {
    return WithField(InvalidArgument("address '{}' is neither unix:///PATH nor HOST:PORT", address),
                     "address");
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<std::shared_ptr<Transport>> Transport::Create(const Options& options) {
  SHADOWD_RETURN_IF_ERROR(CheckAddress(options.address));
  SHADOWD_ASSIGN_OR_RETURN(const auto credentials, CredentialsOf(options));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  // The library repeats calls itself, under request ids; and a daemon that comes back is found quickly.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, static_cast<int>(kFirstPause.count()));
  // In spite of its name the time that gRPC gives to one attempt to connect, not a pause.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, static_cast<int>(kConnectLimit.count()));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, static_cast<int>(kLongestPause.count()));
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return std::shared_ptr<Transport>(
      new Transport(options, grpc::CreateCustomChannel(options.address, credentials, arguments)));
}

bool Transport::MayRepeat(const Status& status) {
  return absl::IsUnavailable(status);
}

milliseconds Transport::PauseBefore(int repeat) {
  const milliseconds longest = std::min(kLongestPause, kFirstPause * (1 << std::min(repeat - 1, 10)));
  return longest / 2 + milliseconds(RandomBits() % static_cast<uint64_t>(longest.count() / 2 + 1));
}

Status Transport::Repeat(milliseconds extra,
                         const std::function<grpc::Status(grpc::ClientContext*)>& call) const {
  const auto deadline = std::chrono::system_clock::now() + options_.deadline + extra;
  for (int attempt = 1;; ++attempt) {
    grpc::ClientContext context;
    context.set_deadline(deadline);
    const Status status = rpc::FromGrpc(call(&context));
    const milliseconds pause = PauseBefore(attempt);
    if (!MayRepeat(status) || attempt >= options_.attempts ||
        std::chrono::system_clock::now() + pause >= deadline) {
      return status;
    }
    std::this_thread::sleep_for(pause);
  }
}

std::string NewRequestId() {
  return fmt::format("{:016x}{:016x}", RandomBits(), RandomBits());
}

}  // namespace shadowd::client
