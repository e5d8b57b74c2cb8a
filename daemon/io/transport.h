// One non-blocking TCP connection, plain or TLS, with the calls that a reader and a writer of bytes need. It
// never blocks; like the system's calls it says EAGAIN in errno. Owned by a connection; one thread.
#pragma once

#include <sys/types.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "daemon/io/endpoint.h"
#include "daemon/io/unique_fd.h"

struct ssl_ctx_st;
struct ssl_st;

namespace shadowd::io {

// What connections to one place share: whom it must prove to be, and what is spoken. Shared by threads.
class TlsClient {
 public:
  // `name` is checked against the certificate and sent (SNI). `verify` off takes any certificate. `protocol`
  // is offered by ALPN: "http/1.1" or "h2".
  static StatusOr<std::shared_ptr<const TlsClient>> Create(const std::string& name, bool verify,
                                                           const std::string& ca_file,
                                                           std::string_view protocol);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  ssl_st* NewSession(int fd) const;  // null when out of memory

 private:
  TlsClient(ssl_ctx_st* context, std::string name, bool verify)
      : context_(context), name_(std::move(name)), verify_(verify) {}
  ssl_ctx_st* context_;
  std::string name_;
  bool verify_;
};

class Transport {
 public:
  Transport() = default;
  ~Transport();
  Transport(Transport&& other) noexcept;
  Transport& operator=(Transport&& other) noexcept;

  // False when no socket can be had (out of descriptors). A refused connection shows in Ready. `tls` may be
  // null (plain) and must outlive this.
  bool Open(const Endpoint& endpoint, const TlsClient* tls);
  int fd() const { return fd_.get(); }
  bool valid() const { return fd_.valid(); }
  void Close();

  enum class State { kPending, kReady, kFailed };
  // To be called when the socket became writable or readable until it is ready: finishes connecting, then
  // the handshake.
  State Ready();
  const char* trouble() const { return trouble_; }  // of a failure: "connect", "tls"

  // As send(2) and recv(2): bytes, 0 at the end of the stream, or -1 with errno.
  ssize_t Send(std::string_view bytes);
  ssize_t Receive(std::span<char> buffer);

 private:
  ssize_t Outcome(int result);

  UniqueFd fd_;
  ssl_st* session_ = nullptr;
  bool connected_ = false;
  bool refused_ = false;
  const char* trouble_ = "";
};

}  // namespace shadowd::io
