#include "lab/load_target.h"

#include <netdb.h>

#include <cstring>
#include <memory>

#include "config/yaml_scalar.h"

namespace shadowd::lab {

StatusOr<io::LoadTarget> TargetOf(const load::Url& url, std::string_view protocol, bool verify,
                                  const std::string& ca_file) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &found);
  if (error != 0) {
    return NotFound("host \"{}\": {}", url.host, gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(found, &freeaddrinfo);
  io::LoadTarget target;
  std::memcpy(&target.endpoint.address, found->ai_addr, found->ai_addrlen);
  target.endpoint.length = found->ai_addrlen;
  if (url.tls) {
    SHADOWD_ASSIGN_OR_RETURN(target.tls, io::TlsClient::Create(url.host, verify, ca_file, protocol));
  }
  return target;
}

StatusOr<Micros> ParseLength(const char* flag, const std::string& text) {
  StatusOr<Micros> length = config::ParseDuration(text);
  if (!length.ok() || *length <= Micros(0) || *length > std::chrono::hours(24 * 30)) {
    return InvalidArgument("{}: \"{}\" is no length of time (10s, 500ms, 2m) up to 30 days", flag, text);
  }
  return length;
}

}  // namespace shadowd::lab
