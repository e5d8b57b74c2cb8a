// Reads capture files (pcap in either byte order, micro- or nanoseconds; pcapng's enhanced, simple and
// obsolete packet blocks) into memory, for tests that replay real traffic through the extractor. Test code:
// whole files, no streaming.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "mirror/frame.h"

namespace shadowd::fakes {

struct CapturedPacket {
  MonoTime at;
  mirror::LinkType link = mirror::LinkType::kEthernet;
  std::vector<std::byte> bytes;
};

StatusOr<std::vector<CapturedPacket>> ReadPcapFile(const std::string& path);

}  // namespace shadowd::fakes
