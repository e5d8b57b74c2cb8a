#include "daemon/io/syslog_receiver.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "daemon/io/inet_address.h"

namespace shadowd::io {
namespace {

constexpr size_t kBatch = 64;
constexpr size_t kLineMax = 4096;  // HAProxy cuts at 1024 by default
constexpr int kReceiveBuffer = 8 << 20;

void WidenBuffer(int fd) {
  // The second needs CAP_NET_ADMIN and ignores net.core.rmem_max; without it the first has done what is
  // allowed.
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof(kReceiveBuffer));
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof(kReceiveBuffer));
}

// The kernel's count of datagrams dropped on this socket so far (SO_RXQ_OVFL), as it rides on a datagram.
bool ReadOverflow(msghdr& message, uint32_t& overflow) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr;
       control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SO_RXQ_OVFL) {
      std::memcpy(&overflow, CMSG_DATA(control), sizeof(overflow));
      return true;
    }
  }
  return false;
}

}  // namespace

struct SyslogReceiver::Batch {
  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> parts{};
  std::array<std::array<char, 64>, kBatch> controls{};

  explicit Batch(std::vector<char>& buffer) {
    for (size_t i = 0; i < kBatch; ++i) {
      parts[i] = {.iov_base = buffer.data() + i * kLineMax, .iov_len = kLineMax};
    }
  }

  int Receive(int fd) {
    for (size_t i = 0; i < kBatch; ++i) {
      messages[i] = {};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_control = controls[i].data();
      messages[i].msg_hdr.msg_controllen = controls[i].size();
    }
    return ::recvmmsg(fd, messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  }
};

SyslogReceiver::SyslogReceiver(UniqueFd fd, std::string address)
    : fd_(std::move(fd)), address_(std::move(address)), buffer_(kBatch * kLineMax) {}

StatusOr<std::unique_ptr<SyslogReceiver>> SyslogReceiver::Create(const std::string& listen) {
  StatusOr<sockaddr_in> parsed = ParseInetAddress(listen);
  if (!parsed.ok()) {
    return WithField(parsed.status(), "haproxy.syslog_listen");
  }
  sockaddr_in address = *parsed;
  if ((ntohl(address.sin_addr.s_addr) >> 24) != 127) {
    return WithField(InvalidArgument("\"{}\" is not a loopback address", listen), "haproxy.syslog_listen");
  }
  UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    return ErrnoStatus(errno, "log socket");
  }
  WidenBuffer(fd.get());
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
  socklen_t length = sizeof(address);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    const int error = errno;
    Status status = error == EADDRINUSE
                        ? WithReason(AlreadyExists("log socket {}: the port is in use", listen), "PORT_TAKEN")
                        : ErrnoStatus(error, "log socket " + listen);
    return WithField(std::move(status), "haproxy.syslog_listen");
  }
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return ErrnoStatus(errno, "log socket " + listen);
  }
  return std::unique_ptr<SyslogReceiver>(new SyslogReceiver(std::move(fd), FormatInetAddress(address)));
}

size_t SyslogReceiver::Drain(const std::function<void(std::string_view line)>& each) {
  Batch batch(buffer_);
  size_t drained = 0;
  while (drained < kDrainMax) {
    const int count = batch.Receive(fd_.get());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      break;
    }
    for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
      uint32_t overflow = 0;
      if (ReadOverflow(batch.messages[i].msg_hdr, overflow)) {
        dropped_ += overflow - last_overflow_;  // wraps as the kernel's counter does
        last_overflow_ = overflow;
      }
      each(std::string_view(buffer_.data() + i * kLineMax, batch.messages[i].msg_len));
    }
    drained += static_cast<size_t>(count);
  }
  received_ += drained;
  return drained;
}

}  // namespace shadowd::io
