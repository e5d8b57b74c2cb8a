#include "daemon/io/transport.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace shadowd::io {
namespace {

std::string LastTlsError() {
  char text[256] = "";
  ERR_error_string_n(ERR_get_error(), text, sizeof(text));
  ERR_clear_error();
  return text;
}

bool IsAddress(const std::string& name) {
  in6_addr any{};
  return inet_pton(AF_INET, name.c_str(), &any) == 1 || inet_pton(AF_INET6, name.c_str(), &any) == 1;
}

}  // namespace

StatusOr<std::shared_ptr<const TlsClient>> TlsClient::Create(const std::string& name, bool verify,
                                                             const std::string& ca_file,
                                                             std::string_view protocol) {
  ssl_ctx_st* context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) {
    return ResourceExhausted("TLS: {}", LastTlsError());
  }
  std::shared_ptr<const TlsClient> client(new TlsClient(context, name, verify));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  const int trusted = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context)
                                      : SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr);
  if (verify && trusted != 1) {
    return InvalidArgument("{}: no certificates of authorities: {}",
                           ca_file.empty() ? "the system's store" : ca_file, LastTlsError());
  }
  std::string offer(1, static_cast<char>(protocol.size()));
  offer += protocol;
  SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(offer.data()),
                          static_cast<unsigned>(offer.size()));
  return client;
}

TlsClient::~TlsClient() {
  SSL_CTX_free(context_);
}

ssl_st* TlsClient::NewSession(int fd) const {
  ssl_st* session = SSL_new(context_);
  if (session == nullptr) {
    return nullptr;
  }
  SSL_set_fd(session, fd);
  SSL_set_connect_state(session);
  const bool is_address = IsAddress(name_);  // which is no server name
  if (!is_address) {
    SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(name_.c_str()));
  }
  if (verify_ && is_address) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name_.c_str());
  } else if (verify_) {
    SSL_set1_host(session, name_.c_str());
  }
  return session;
}

Transport::~Transport() {
  Close();
}

Transport::Transport(Transport&& other) noexcept
    : fd_(std::move(other.fd_)),
      session_(std::exchange(other.session_, nullptr)),
      connected_(other.connected_),
      refused_(other.refused_),
      trouble_(other.trouble_) {}

Transport& Transport::operator=(Transport&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = std::move(other.fd_);
    session_ = std::exchange(other.session_, nullptr);
    connected_ = other.connected_;
    refused_ = other.refused_;
    trouble_ = other.trouble_;
  }
  return *this;
}

bool Transport::Open(const Endpoint& endpoint, const TlsClient* tls) {
  fd_ = UniqueFd(socket(endpoint.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd_.valid()) {
    return false;
  }
  const int on = 1;
  setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  refused_ = connect(fd_.get(), endpoint.raw(), endpoint.length) != 0 && errno != EINPROGRESS;
  if (tls != nullptr) {
    session_ = tls->NewSession(fd_.get());
    refused_ = refused_ || session_ == nullptr;
  }
  return true;
}

void Transport::Close() {
  if (session_ != nullptr) {
    SSL_free(std::exchange(session_, nullptr));
  }
  fd_.Reset();
}

Transport::State Transport::Ready() {
  if (!connected_) {
    int error = 0;
    socklen_t length = sizeof(error);
    if (refused_ || getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0) {
      trouble_ = "connect";
      return State::kFailed;
    }
    connected_ = true;
  }
  if (session_ == nullptr || SSL_is_init_finished(session_) == 1) {
    return State::kReady;
  }
  const int result = SSL_do_handshake(session_);
  if (result == 1) {
    return State::kReady;
  }
  const int error = SSL_get_error(session_, result);
  ERR_clear_error();
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
    return State::kPending;
  }
  trouble_ = "tls";
  return State::kFailed;
}

ssize_t Transport::Send(std::string_view bytes) {
  if (session_ == nullptr) {
    return send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  return Outcome(SSL_write(session_, bytes.data(), static_cast<int>(bytes.size())));
}

ssize_t Transport::Receive(std::span<char> buffer) {
  if (session_ == nullptr) {
    return recv(fd_.get(), buffer.data(), buffer.size(), 0);
  }
  return Outcome(SSL_read(session_, buffer.data(), static_cast<int>(buffer.size())));
}

ssize_t Transport::Outcome(int result) {
  if (result > 0) {
    return result;
  }
  const int error = SSL_get_error(session_, result);
  ERR_clear_error();
  switch (error) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    default:
      errno = ECONNRESET;
      return -1;
  }
}

}  // namespace shadowd::io
