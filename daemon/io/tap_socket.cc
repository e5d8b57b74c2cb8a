#include "daemon/io/tap_socket.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace shadowd::io {
namespace {

constexpr uint32_t kBlockBytes = 256 * 1024;  // holds the largest frame of loopback, 64 KiB, several times
constexpr uint32_t kBlocks = 16;
constexpr uint32_t kFrameBytes = 2048;  // only its alignment matters in version 3
constexpr uint32_t kRetireMs = 4;       // a block is handed over this long after its first frame

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

Status OptionError(const char* what) {
  return ErrnoStatus(errno, what);
}

// TCP over IPv4 (no later fragment) or IPv6 (no extension headers) to the port, wherever the network header
// starts.
Status AttachFilter(int fd, uint16_t port) {
  const uint32_t net = static_cast<uint32_t>(SKF_NET_OFF);
  const sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_PROTOCOL)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 4),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, net + 6),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 10),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, net + 42),
      BPF_JUMP(BPF_JMP | BPF_JA, 7, 0, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 7),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, net + 9),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 5),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, net + 6),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 3, 0),
      BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, net),
      BPF_STMT(BPF_LD | BPF_H | BPF_IND, net + 2),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, 0x40000),
  };
  sock_fprog filter{static_cast<unsigned short>(std::size(program)), const_cast<sock_filter*>(program)};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) != 0) {
    return OptionError("attaching the packet filter");
  }
  return absl::OkStatus();
}

StatusOr<mirror::LinkType> LinkOf(int fd, const std::string& interface) {
  ifreq request{};
  std::strncpy(request.ifr_name, interface.c_str(), IFNAMSIZ - 1);
  if (ioctl(fd, SIOCGIFHWADDR, &request) != 0) {
    return ErrnoStatus(errno, fmt::format("mirror.interface: \"{}\"", interface));
  }
  switch (request.ifr_hwaddr.sa_family) {
    case ARPHRD_ETHER:
    case ARPHRD_LOOPBACK:
      return mirror::LinkType::kEthernet;
    case ARPHRD_NONE:
    case ARPHRD_PPP:
      return mirror::LinkType::kRawIp;
    default:
      return WithField(FailedPrecondition("mirror.interface: \"{}\" has link type {}, which cannot be tapped",
                                          interface, request.ifr_hwaddr.sa_family),
                       "mirror.interface");
  }
}

Status SetUpRing(int fd) {
  const int version = TPACKET_V3;
  if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) != 0) {
    return OptionError("choosing TPACKET_V3");
  }
  tpacket_req3 ring{};
  ring.tp_block_size = kBlockBytes;
  ring.tp_block_nr = kBlocks;
  ring.tp_frame_size = kFrameBytes;
  ring.tp_frame_nr = kBlockBytes / kFrameBytes * kBlocks;
  ring.tp_retire_blk_tov = kRetireMs;
  if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)) != 0) {
    return OptionError("making the capture ring");
  }
  return absl::OkStatus();
}

Status BindTo(int fd, int index, bool loopback) {
  const int on = 1;
  if (loopback && setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) != 0) {
    return OptionError("ignoring outgoing packets of loopback (needs Linux 4.20)");
  }
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = index;
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return OptionError("binding the tap");
  }
  return absl::OkStatus();
}

bool IsLoopback(int fd, const std::string& interface) {
  ifreq request{};
  std::strncpy(request.ifr_name, interface.c_str(), IFNAMSIZ - 1);
  return ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_LOOPBACK) != 0;
}

int64_t ReadClockUs(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return time.tv_sec * 1'000'000 + time.tv_nsec / 1000;
}

}  // namespace

StatusOr<std::unique_ptr<TapSocket>> TapSocket::Open(const std::string& interface, uint16_t port) {
  UniqueFd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) {
    if (errno == EPERM || errno == EACCES) {
      return WithReason(
          PermissionDenied(
              "mirror.interface: tapping \"{}\" needs the capability CAP_NET_RAW; the systemd unit grants "
              "it with AmbientCapabilities=CAP_NET_RAW",
              interface),
          "CAP_NET_RAW_MISSING");
    }
    return ErrnoStatus(errno, "opening a packet socket");
  }
  const unsigned index = interface.size() < IFNAMSIZ ? if_nametoindex(interface.c_str()) : 0;
  if (index == 0) {
    return WithField(NotFound("mirror.interface: there is no interface \"{}\"", interface),
                     "mirror.interface");
  }
  SHADOWD_ASSIGN_OR_RETURN(const mirror::LinkType link, LinkOf(fd.get(), interface));
  SHADOWD_RETURN_IF_ERROR(AttachFilter(fd.get(), port));
  SHADOWD_RETURN_IF_ERROR(SetUpRing(fd.get()));
  std::unique_ptr<TapSocket> tap(new TapSocket(std::move(fd), link));
  SHADOWD_RETURN_IF_ERROR(tap->MapRing());
  SHADOWD_RETURN_IF_ERROR(BindTo(tap->fd(), static_cast<int>(index), IsLoopback(tap->fd(), interface)));
  return tap;
}

Status TapSocket::MapRing() {
  void* ring = mmap(nullptr, size_t{kBlockBytes} * kBlocks, PROT_READ | PROT_WRITE, MAP_SHARED, fd(), 0);
  if (ring == MAP_FAILED) {
    return ErrnoStatus(errno, "mapping the capture ring");
  }
  ring_ = static_cast<std::byte*>(ring);
  return absl::OkStatus();
}

TapSocket::~TapSocket() {
  if (ring_ != nullptr) {
    munmap(ring_, size_t{kBlockBytes} * kBlocks);
  }
}

size_t TapSocket::Read(const FrameSink& sink) {
  // Frames carry wall time; the difference of the clocks is read once, so a step of the wall clock harms one
  // batch.
  const int64_t to_mono = ReadClockUs(CLOCK_MONOTONIC) - ReadClockUs(CLOCK_REALTIME);
  size_t frames = 0;
  for (;;) {
    auto* block = reinterpret_cast<tpacket_block_desc*>(ring_ + next_block_ * kBlockBytes);
    tpacket_hdr_v1& header = block->hdr.bh1;
    std::atomic_ref<uint32_t> status(header.block_status);
    if ((status.load(std::memory_order_acquire) & TP_STATUS_USER) == 0) {
      return frames;
    }
    const std::byte* at = reinterpret_cast<const std::byte*>(block) + header.offset_to_first_pkt;
    for (uint32_t i = 0; i < header.num_pkts; ++i) {
      const auto* packet = reinterpret_cast<const tpacket3_hdr*>(at);
      const int64_t wall = int64_t{packet->tp_sec} * 1'000'000 + packet->tp_nsec / 1000;
      sink(mirror::Bytes(at + packet->tp_mac, packet->tp_snaplen), MonoTime(Micros(wall + to_mono)));
      at += packet->tp_next_offset;
    }
    frames += header.num_pkts;
    status.store(TP_STATUS_KERNEL, std::memory_order_release);
    next_block_ = (next_block_ + 1) % kBlocks;
  }
}

uint64_t TapSocket::TakeDrops() {
  tpacket_stats_v3 stats{};
  socklen_t length = sizeof(stats);
  if (getsockopt(fd(), SOL_PACKET, PACKET_STATISTICS, &stats, &length) != 0) {
    return 0;
  }
  return stats.tp_drops;
}

}  // namespace shadowd::io
