#include "daemon/rpc/credentials.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <fstream>
#include <sstream>

namespace shadowd::daemon {
namespace {

StatusOr<std::string> ReadPem(const std::string& path, const char* field) {
  std::ifstream file(path);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return WithField(NotFound("cannot read {}", path), field);
  }
  return text.str();
}

// Only as a number: a name like 127.example.org leads anywhere.
bool IsLoopback(const std::string& address) {
  const std::string host = address.substr(0, address.rfind(':'));
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
  }
  return host == "[::1]" || host == "localhost";
}

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* cert) const { X509_free(cert); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

Owned<BIO> BytesOf(const std::string& pem) {
  return Owned<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

Owned<X509> CertificateOf(const std::string& pem) {
  const Owned<BIO> bytes = BytesOf(pem);
  return Owned<X509>(PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr));
}

Status CheckPair(const TcpOptions& options, const std::string& cert_pem, const std::string& key_pem) {
  const Owned<X509> cert = CertificateOf(cert_pem);
  if (cert == nullptr) {
    return WithField(InvalidArgument("{} holds no certificate in PEM", options.cert_file), "tcp.tls.cert");
  }
  const Owned<BIO> bytes = BytesOf(key_pem);
  const Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bytes.get(), nullptr, nullptr, nullptr));
  if (key == nullptr) {
    return WithField(InvalidArgument("{} holds no private key in PEM", options.key_file), "tcp.tls.key");
  }
  if (X509_check_private_key(cert.get(), key.get()) != 1) {
    return WithField(InvalidArgument("{} is not the key of {}", options.key_file, options.cert_file),
                     "tcp.tls.key");
  }
  return absl::OkStatus();
}

Status CheckExposure(const TcpOptions& options) {
  if (!IsLoopback(options.address) && (options.cert_file.empty() || options.client_ca_file.empty())) {
    return WithReason(
        WithField(
            InvalidArgument("{} is not a loopback address: it needs tls.cert, tls.key and tls.client_ca, "
                            "or anybody on the network could scale production",
                            options.address),
            "tcp.tls"),
        "INSECURE_ADDRESS");
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(const TcpOptions& options) {
  SHADOWD_RETURN_IF_ERROR(CheckExposure(options));
  if (options.cert_file.empty()) {
    return grpc::InsecureServerCredentials();
  }
  SHADOWD_ASSIGN_OR_RETURN(const std::string cert, ReadPem(options.cert_file, "tcp.tls.cert"));
  SHADOWD_ASSIGN_OR_RETURN(const std::string key, ReadPem(options.key_file, "tcp.tls.key"));
  SHADOWD_RETURN_IF_ERROR(CheckPair(options, cert, key));
  grpc::SslServerCredentialsOptions ssl;
  if (!options.client_ca_file.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(ssl.pem_root_certs, ReadPem(options.client_ca_file, "tcp.tls.client_ca"));
    if (CertificateOf(ssl.pem_root_certs) == nullptr) {
      return WithField(InvalidArgument("{} holds no certificate in PEM", options.client_ca_file),
                       "tcp.tls.client_ca");
    }
    ssl.client_certificate_request = GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
  }
  ssl.pem_key_cert_pairs.push_back({key, cert});
  return grpc::SslServerCredentials(ssl);
}

}  // namespace shadowd::daemon
