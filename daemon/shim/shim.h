// The shim of one replica: starts it, listens for the daemon, holds the lease and the ttl of a shadow, and
// ends all of it. It survives the daemon. One thread around poll(2); sleeps unless something happens. Owned
// by main.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "daemon/io/unique_fd.h"
#include "daemon/shim/child.h"
#include "daemon/shim/output_file.h"
#include "daemon/shim/process_group.h"
#include "provider/shim_command.h"
#include "provider/shim_message.h"

namespace shadowd::shim {

class Shim {
 public:
  explicit Shim(provider::ShimCommand command);
  Shim(const Shim&) = delete;
  Shim& operator=(const Shim&) = delete;

  // Until the replica is gone. The exit code of the shim.
  int Run();

 private:
  Status Prepare();
  Status StartChild();
  void WaitForSomething();
  std::vector<pollfd> Watched() const;
  int TimeoutMs() const;
  void CheckDeadlines();
  void TakeSignals();
  void LookForExit();
  void Accept();
  // false when the connection is over.
  bool Serve(int fd);
  void Answer(int fd, const provider::ShimRequest& request);
  void BeginStop(provider::EndCause cause, Micros grace);
  void Finish();
  void Report(const provider::ShimReport& report);
  Status SaveRecord() const;
  std::string Path(const char* suffix) const;

  provider::ShimCommand command_;
  provider::ReplicaEnd end_;
  io::UniqueFd listener_;
  io::UniqueFd signals_;
  std::vector<io::UniqueFd> connections_;
  std::optional<OutputFile> output_;
  std::optional<ProcessGroup> group_;
  bool stopping_ = false;
  bool gone_ = false;
  bool output_paused_ = false;
  // Monotonic microseconds; 0 = none.
  int64_t lease_until_ = 0;
  int64_t ttl_until_ = 0;
  int64_t kill_at_ = 0;
  int64_t look_at_output_at_ = 0;
  int64_t look_at_memory_at_ = 0;
};

}  // namespace shadowd::shim
