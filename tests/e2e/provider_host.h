// A provider with a runtime directory of its own and the events it told, for tests with real processes.
// `Restart` does what a new daemon does after the old one is gone.
#pragma once

#include <catch2/catch.hpp>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "daemon/io/process_provider.h"
#include "provider/replica_record.h"

namespace shadowd::test {

int FreePort();
std::string ReadText(const std::string& path);
// Polls until `condition` holds or the limit is over.
bool Eventually(Micros limit, const std::function<bool()>& condition);
// CPU seconds of one process so far.
double CpuSeconds(int64_t pid);

class ProviderHost {
 public:
  ProviderHost();
  ~ProviderHost();
  ProviderHost(const ProviderHost&) = delete;
  ProviderHost& operator=(const ProviderHost&) = delete;

  io::ProcessProvider& provider() { return *provider_; }
  const std::string& directory() const { return directory_; }
  std::string Replica(const std::string& file) const { return directory_ + "/replicas/" + file; }
  // The old provider is destroyed without a word to the replicas, a new one takes the directory.
  void Restart(const std::string& cgroup_parent = "");

  // A start of tests/fakes/child in this mode, on a free port.
  ports::StartReplica Child(const std::string& id, model::Role role, std::vector<std::string> mode);
  void Start(const ports::StartReplica& start);
  ports::ReplicaStarted StartReady(const ports::StartReplica& start);
  void Stop(const std::string& id, Micros grace = std::chrono::seconds(1));
  provider::ReplicaRecord Record(const std::string& id) const;
  // Nothing in the runtime directory speaks of it any more (within five seconds).
  bool NoFilesOf(const std::string& id) const;

  // The next event of this kind about this replica, taken out of the queue; fails the test after the limit.
  template <typename T>
  T Await(const std::string& id, Micros limit = std::chrono::seconds(15)) {
    T found;
    const auto take = [&] {
      for (auto it = events_.begin(); it != events_.end(); ++it) {
        const T* const event = std::get_if<T>(&it->payload);
        if (event != nullptr && event->replica.str() == id) {
          found = *event;
          events_.erase(it);
          return true;
        }
      }
      return false;
    };
    std::unique_lock lock(mutex_);
    INFO("waiting for an event about " << id);
    REQUIRE(changed_.wait_for(lock, limit, take));
    return found;
  }
  template <typename T>
  bool Has(const std::string& id) {
    const std::lock_guard lock(mutex_);
    for (const ports::Event& event : events_) {
      const T* const payload = std::get_if<T>(&event.payload);
      if (payload != nullptr && payload->replica.str() == id) {
        return true;
      }
    }
    return false;
  }

 private:
  void Open(const std::string& cgroup_parent);

  std::string directory_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ports::Event> events_;
  std::vector<std::string> started_;
  std::unique_ptr<io::ProcessProvider> provider_;
};

inline const model::ServiceId kService{"web"};

}  // namespace shadowd::test
