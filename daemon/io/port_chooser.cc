#include "daemon/io/port_chooser.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "daemon/io/unique_fd.h"

namespace shadowd::io {
namespace {

Status BadAddress(const std::string& address, const char* why) {
  return WithField(InvalidArgument("instance.address: '{}' {}", address, why), "instance.address");
}

struct Endpoint {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

StatusOr<Endpoint> ToEndpoint(const std::string& address, int port) {
  Endpoint endpoint;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  const auto network_port = htons(static_cast<uint16_t>(port));
  if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = network_port;
    std::memcpy(&endpoint.storage, &v4, sizeof(v4));
    endpoint.size = sizeof(v4);
  } else if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = network_port;
    std::memcpy(&endpoint.storage, &v6, sizeof(v6));
    endpoint.size = sizeof(v6);
  } else {
    return BadAddress(address, "is no IP address");
  }
  return endpoint;
}

// Listens as a server would, so connections that linger in TIME_WAIT do not count as taken.
StatusOr<bool> CanListen(const std::string& address, int port) {
  SHADOWD_ASSIGN_OR_RETURN(const Endpoint endpoint, ToEndpoint(address, port));
  const UniqueFd fd(::socket(endpoint.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&endpoint.storage), endpoint.size) == 0 &&
      ::listen(fd.get(), 1) == 0) {
    return true;
  }
  if (errno == EADDRINUSE) {
    return false;
  }
  if (errno == EADDRNOTAVAIL) {
    return BadAddress(address, "is no address of this host");
  }
  return ErrnoStatus(errno, fmt::format("listen on {} port {}", address, port));
}

}  // namespace

StatusOr<int> PortChooser::Choose(const model::InstanceTemplate& instance, const std::set<int>& used) {
  const int first = instance.port_first;
  const int last = instance.port_last;
  if (first < 1 || last > 65535 || first > last) {
    return WithField(InvalidArgument("instance.port_first: {} to {} is no range of ports", first, last),
                     "instance.port_first");
  }
  const int count = last - first + 1;
  const auto given = last_.find({first, last});
  const int begin = given == last_.end() ? 0 : given->second - first + 1;
  for (int i = 0; i < count; ++i) {
    const int port = first + (begin + i) % count;
    if (used.count(port) != 0) {
      continue;
    }
    SHADOWD_ASSIGN_OR_RETURN(const bool can_listen, CanListen(instance.address, port));
    if (can_listen) {
      last_[{first, last}] = port;
      return port;
    }
  }
  return WithField(
      WithReason(ResourceExhausted("instance.port_first: every port from {} to {} of {} is taken", first,
                                   last, instance.address),
                 "PORT_TAKEN"),
      "instance.port_first");
}

}  // namespace shadowd::io
