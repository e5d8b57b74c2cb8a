// Makes a repeated call answer as the first did. Keyed by method and request id; the body must be the same. A
// repeat that arrives while the first still runs waits for its answer. Only successes are kept: a call that
// failed changed nothing and may be tried again. In memory: of the request ids only those of proposals
// outlive the daemon, with the decision that they led to. Thread-safe. Bounded: the oldest answer gives way.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"

namespace shadowd::daemon {

class RequestCache {
 public:
  // The serialised answer.
  using Waiter = std::function<void(const StatusOr<std::string>&)>;
  enum class Outcome { kFirst, kRepeated };

  explicit RequestCache(size_t answers_max) : answers_max_(answers_max) {}

  // kFirst: do the work, then call Complete, whatever comes. kRepeated: `waiter` has been or will be called.
  // INVALID_ARGUMENT (REQUEST_ID_REUSED) when the id was used with another body; RESOURCE_EXHAUSTED when too
  // many repeats wait.
  StatusOr<Outcome> Begin(const std::string& key, const std::string& body, Waiter waiter);
  void Complete(const std::string& key, const StatusOr<std::string>& answer);

 private:
  struct Entry {
    std::string digest;  // of the body
    bool done = false;
    std::string answer;
    std::vector<Waiter> waiters;
  };
  void ForgetOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t answers_max_;
  absl::Mutex mutex_;  // calls begin on gRPC's threads and complete on the loop's
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::list<std::string> answered_ ABSL_GUARDED_BY(mutex_);  // keys, oldest first
};

}  // namespace shadowd::daemon
