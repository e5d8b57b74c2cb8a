// The daemon's side of one replica: the link to its shim, the handles by which its end is seen even when the
// shim was killed, the renewal of its lease, and its stop with a bound. Lives on the provider's io_context
// and calls back there. It is told nothing after `ended`. Asio stays out of this header.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>

#include "daemon/io/cgroup.h"
#include "daemon/io/unique_fd.h"
#include "provider/replica_record.h"
#include "provider/shim_message.h"

namespace boost::asio {
class io_context;
}

namespace shadowd::io {

class ReplicaWatch {
 public:
  struct Listener {
    std::function<void(const provider::ShimReport&)> alive;  // the shim's first word
    std::function<void(const provider::ReplicaEnd&)> ended;  // nothing of it is left
  };
  struct Handles {
    UniqueFd link;       // to the shim; may be missing
    pid_t shim_pid = 0;  // 0 = not our child, nothing to reap
  };

  // `record.process` may still be unknown; it is taken from the shim's first word.
  ReplicaWatch(boost::asio::io_context& context, const CgroupTree& cgroups, std::string directory,
               provider::ReplicaRecord record, Handles handles, Listener listener);
  ~ReplicaWatch();
  ReplicaWatch(const ReplicaWatch&) = delete;
  ReplicaWatch& operator=(const ReplicaWatch&) = delete;

  // SIGTERM, grace, SIGKILL; `ended` follows within grace + 4 s in any case.
  void Stop(Micros grace);
  // Tells the shim, which keeps it for the next daemon.
  void MarkReady();
  const provider::ReplicaRecord& record() const;

 private:
  class Session;
  std::shared_ptr<Session> session_;
};

}  // namespace shadowd::io
