// A capture file's frames: pcap in either byte order with micro- or nanoseconds, and pcapng with enhanced,
// simple and obsolete packet blocks. Outside bytes: every length is checked. Pure.
#pragma once

#include <functional>
#include <string_view>

#include "base/status.h"
#include "base/time.h"
#include "mirror/frame.h"

namespace shadowd::mirror {

struct CapturedFrame {
  MonoTime at;  // the capture's own clock
  LinkType link = LinkType::kEthernet;
  Bytes bytes;  // into the file
};

// INVALID_ARGUMENT for what is no capture file or has a link type that cannot be read (the number is named);
// DATA_LOSS where the file ends inside a packet: what came before has gone to the sink.
Status ReadCapture(std::string_view file, const std::function<void(const CapturedFrame&)>& sink);

}  // namespace shadowd::mirror
