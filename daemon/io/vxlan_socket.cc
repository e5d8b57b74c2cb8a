#include "daemon/io/vxlan_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "mirror/frame.h"

namespace shadowd::io {
namespace {

constexpr size_t kBatch = 32;
constexpr size_t kDatagramMax = 65536;  // jumbo frames, and what offloading makes of them
constexpr int kReceiveBytes = 8 << 20;
constexpr size_t kControlBytes = 64;

}  // namespace

StatusOr<std::unique_ptr<VxlanSocket>> VxlanSocket::Open(uint16_t port) {
  UniqueFd fd(socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    return ErrnoStatus(errno, "opening a UDP socket");
  }
  const int off = 0, on = 1, size = kReceiveBytes;
  setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  setsockopt(fd.get(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  socklen_t length = sizeof(address);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
      getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return ErrnoStatus(errno, fmt::format("listening on UDP port {}", port));
  }
  return std::unique_ptr<VxlanSocket>(new VxlanSocket(std::move(fd), ntohs(address.sin6_port)));
}

VxlanSocket::VxlanSocket(UniqueFd fd, uint16_t port)
    : fd_(std::move(fd)), port_(port), buffers_(kBatch * kDatagramMax) {}

size_t VxlanSocket::Read(const std::function<void(mirror::Bytes)>& sink) {
  size_t datagrams = 0;
  for (;;) {
    std::array<mmsghdr, kBatch> messages{};
    std::array<iovec, kBatch> parts{};
    std::array<std::array<char, kControlBytes>, kBatch> control{};
    for (size_t i = 0; i < kBatch; ++i) {
      parts[i] = {buffers_.data() + i * kDatagramMax, kDatagramMax};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_control = control[i].data();
      messages[i].msg_hdr.msg_controllen = kControlBytes;
    }
    const int count = recvmmsg(fd_.get(), messages.data(), kBatch, 0, nullptr);
    if (count <= 0) {
      return datagrams;
    }
    for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
      for (cmsghdr* c = CMSG_FIRSTHDR(&messages[i].msg_hdr); c != nullptr;
           c = CMSG_NXTHDR(&messages[i].msg_hdr, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
          uint32_t drops = 0;
          std::memcpy(&drops, CMSG_DATA(c), sizeof(drops));
          drops_ = drops;
        }
      }
      const auto* bytes = reinterpret_cast<const std::byte*>(buffers_.data() + i * kDatagramMax);
      const mirror::Bytes frame = mirror::VxlanFrame({bytes, messages[i].msg_len});
      if (frame.empty()) {
        ++foreign_;
      } else {
        sink(frame);
      }
    }
    datagrams += static_cast<size_t>(count);
  }
}

}  // namespace shadowd::io
