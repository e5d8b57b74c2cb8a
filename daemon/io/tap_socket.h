// A passive tap: an AF_PACKET socket with a TPACKET_V3 ring on one interface, filtered in the kernel to TCP
// segments towards one port, so that responses and foreign traffic are never copied. The filter is in place
// before the socket is bound. On loopback, where each packet passes twice, the outgoing pass is ignored.
// Owned by one tap thread. It only listens: production cannot notice it but by the CPU it takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "base/time.h"
#include "daemon/io/unique_fd.h"
#include "mirror/frame.h"

namespace shadowd::io {

class TapSocket {
 public:
  // Bytes of one captured frame and the time at which the kernel saw it.
  using FrameSink = std::function<void(mirror::Bytes, MonoTime)>;

  // PERMISSION_DENIED names the missing capability, NOT_FOUND the unknown interface.
  static StatusOr<std::unique_ptr<TapSocket>> Open(const std::string& interface, uint16_t port);
  TapSocket(const TapSocket&) = delete;
  TapSocket& operator=(const TapSocket&) = delete;
  ~TapSocket();

  int fd() const { return fd_.get(); }
  mirror::LinkType link() const { return link_; }
  // Hands over the frames of every block that is ready; returns how many frames.
  size_t Read(const FrameSink& sink);
  // Packets that the ring had no room for, since the last call.
  uint64_t TakeDrops();

 private:
  TapSocket(UniqueFd fd, mirror::LinkType link) : fd_(std::move(fd)), link_(link) {}
  Status MapRing();

  UniqueFd fd_;
  mirror::LinkType link_;
  std::byte* ring_ = nullptr;
  size_t next_block_ = 0;
};

}  // namespace shadowd::io
