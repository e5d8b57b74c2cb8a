#include "daemon/io/haproxy_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "daemon/io/inet_address.h"
#include "daemon/io/unique_fd.h"

namespace shadowd::io {
namespace {

using Clock = std::chrono::steady_clock;

// What the errno says, under a code that tells "not there now" from "not allowed".
Status SocketError(int error, std::string_view what, const std::string& socket) {
  return ErrnoStatus(error, fmt::format("HAProxy socket {}: {}", socket, what));
}

// Waits until `fd` is ready for `events`.
Status Await(int fd, short events, Clock::time_point deadline, const std::string& socket) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd waiting{.fd = fd, .events = events, .revents = 0};
    const int ready = left <= 0 ? 0 : ::poll(&waiting, 1, static_cast<int>(left));
    if (ready > 0) {
      return absl::OkStatus();
    }
    if (ready == 0) {
      return DeadlineExceeded("HAProxy socket {}: no answer in time", socket);
    }
    if (errno != EINTR) {
      return SocketError(errno, "poll", socket);
    }
  }
}

StatusOr<UniqueFd> Connect(const std::string& socket, Clock::time_point deadline) {
  sockaddr_un path{};
  sockaddr_in inet{};
  const sockaddr* address = nullptr;
  socklen_t length = 0;
  const bool is_path = socket.find('/') != std::string::npos;
  if (is_path) {
    if (socket.size() >= sizeof(path.sun_path)) {
      return InvalidArgument("HAProxy socket {}: the path is longer than {} bytes", socket,
                             sizeof(path.sun_path) - 1);
    }
    path.sun_family = AF_UNIX;
    std::memcpy(path.sun_path, socket.data(), socket.size());
    address = reinterpret_cast<const sockaddr*>(&path);
    length = sizeof(path);
  } else {
    StatusOr<sockaddr_in> parsed = ParseInetAddress(socket);
    if (!parsed.ok()) {
      return Annotate(parsed.status(), "HAProxy socket");
    }
    inet = *parsed;
    address = reinterpret_cast<const sockaddr*>(&inet);
    length = sizeof(inet);
  }
  UniqueFd fd(::socket(is_path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    return SocketError(errno, "socket", socket);
  }
  if (::connect(fd.get(), address, length) == 0) {
    return fd;
  }
  if (errno == EAGAIN) {  // a unix socket whose backlog is full
    return Unavailable("HAProxy socket {}: too many connections wait for it", socket);
  }
  if (errno != EINPROGRESS) {
    return SocketError(errno, "connect", socket);
  }
  SHADOWD_RETURN_IF_ERROR(Await(fd.get(), POLLOUT, deadline, socket));
  int error = 0;
  socklen_t size = sizeof(error);
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
    return SocketError(error != 0 ? error : errno, "connect", socket);
  }
  return fd;
}

Status Send(int fd, std::string_view bytes, Clock::time_point deadline, const std::string& socket) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      SHADOWD_RETURN_IF_ERROR(Await(fd, POLLOUT, deadline, socket));
    } else if (errno != EINTR) {
      return SocketError(errno, "send", socket);
    }
  }
  return absl::OkStatus();
}

StatusOr<std::string> Receive(int fd, size_t bytes_max, Clock::time_point deadline,
                              const std::string& socket) {
  std::string reply;
  std::array<char, 16384> chunk;
  for (;;) {
    const ssize_t received = ::recv(fd, chunk.data(), chunk.size(), 0);
    if (received == 0) {
      return reply;
    }
    if (received > 0) {
      reply.append(chunk.data(), static_cast<size_t>(received));
      if (reply.size() > bytes_max) {
        return ResourceExhausted("HAProxy socket {}: the answer is longer than {} bytes", socket, bytes_max);
      }
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      SHADOWD_RETURN_IF_ERROR(Await(fd, POLLIN, deadline, socket));
    } else if (errno != EINTR) {
      return SocketError(errno, "receive", socket);
    }
  }
}

}  // namespace

StatusOr<std::string> RunHaproxyCommand(const std::string& socket, std::string_view command,
                                        HaproxyClientLimits limits) {
  if (command.empty() || command.find_first_of("\n;") != std::string_view::npos) {
    return InvalidArgument("HAProxy command: not one command on one line");
  }
  const Clock::time_point deadline = Clock::now() + limits.deadline;
  SHADOWD_ASSIGN_OR_RETURN(const UniqueFd fd, Connect(socket, deadline));
  SHADOWD_RETURN_IF_ERROR(Send(fd.get(), std::string(command) + "\n", deadline, socket));
  return Receive(fd.get(), limits.reply_bytes_max, deadline, socket);
}

}  // namespace shadowd::io
