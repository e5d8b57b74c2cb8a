// Receives what a cloud's or a switch's traffic mirror sends: Ethernet frames in VXLAN datagrams (RFC 7348)
// to one UDP port. Owned by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/status.h"
#include "daemon/io/unique_fd.h"
#include "mirror/bytes.h"

namespace shadowd::io {

class VxlanSocket {
 public:
  // Port 0 lets the system choose. ALREADY_EXISTS where the port is taken.
  static StatusOr<std::unique_ptr<VxlanSocket>> Open(uint16_t port);

  int fd() const { return fd_.get(); }
  uint16_t port() const { return port_; }
  // Hands over the frames that have come; returns how many datagrams. What is no VXLAN is counted apart.
  size_t Read(const std::function<void(mirror::Bytes)>& sink);
  uint64_t foreign() const { return foreign_; }
  // Datagrams that the socket had no room for, so far.
  uint64_t drops() const { return drops_; }

 private:
  VxlanSocket(UniqueFd fd, uint16_t port);

  UniqueFd fd_;
  uint16_t port_;
  uint64_t foreign_ = 0;
  uint64_t drops_ = 0;
  std::vector<char> buffers_;
};

}  // namespace shadowd::io
