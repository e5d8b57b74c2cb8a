// A UDP socket that receives syslog datagrams, one line each, from HAProxy on this host. Owned by the thread
// that drains it. What the kernel had to drop because nobody drained is counted, never silently lost.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "daemon/io/unique_fd.h"

namespace shadowd::io {

class SyslogReceiver {
 public:
  // `listen` is "127.0.0.1:5140"; port 0 lets the system choose. INVALID_ARGUMENT for an address that is not
  // loopback (the log is believed as it comes), ALREADY_EXISTS with reason PORT_TAKEN for a port in use.
  static StatusOr<std::unique_ptr<SyslogReceiver>> Create(const std::string& listen);
  SyslogReceiver(const SyslogReceiver&) = delete;
  SyslogReceiver& operator=(const SyslogReceiver&) = delete;

  // Hands over what has arrived, at most kDrainMax lines; the views end with the call. Never waits.
  size_t Drain(const std::function<void(std::string_view line)>& each);

  int fd() const { return fd_.get(); }
  const std::string& address() const { return address_; }
  uint64_t received() const { return received_; }
  uint64_t dropped() const { return dropped_; }  // by the kernel, since the start

  static constexpr size_t kDrainMax = 65'536;

 private:
  struct Batch;
  SyslogReceiver(UniqueFd fd, std::string address);

  UniqueFd fd_;
  std::string address_;
  std::vector<char> buffer_;
  uint64_t received_ = 0;
  uint64_t dropped_ = 0;
  uint32_t last_overflow_ = 0;
};

}  // namespace shadowd::io
