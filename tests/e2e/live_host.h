// A whole host for tests of the daemon as a process: a directory of its own, HAProxy, the daemon, the demo's
// service as what is scaled, users, and a client. Everything is ended by its pid in the destructors, and what
// the daemon leaves behind (instances are meant to outlive it) is found by the directory that it runs in.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "scale/haproxy_stat.h"
#include "shadowd/client.h"

namespace shadowd::e2e {

google::protobuf::Duration Seconds(double seconds);

// A child with its output (both streams) in a file.
class Child {
 public:
  Child() = default;
  // Fails the test when the program cannot be started.
  Child(const std::vector<std::string>& argv, const std::string& output,
        const std::map<std::string, std::string>& environment = {});
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;

  pid_t pid() const { return pid_; }
  bool Running();
  void Signal(int signal) const;
  // The exit code, or minus the signal that ended it; nothing when it still runs after the limit.
  std::optional<int> Await(double limit_seconds);

 private:
  pid_t pid_ = -1;
  std::optional<int> ended_;
};

// What a finished program said.
struct Ran {
  int code = -1;
  std::string output;
};
Ran Run(const std::vector<std::string>& argv, double limit_seconds = 30);

std::string ReadText(const std::string& path);
void WriteText(const std::string& path, const std::string& text);

class Directory {
 public:
  Directory();
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

struct LiveOptions {
  bool haproxy = true;
  std::string config;  // lines added to the daemon's configuration
};

class LiveHost {
 public:
  explicit LiveHost(LiveOptions options = {});
  ~LiveHost();
  LiveHost(const LiveHost&) = delete;
  LiveHost& operator=(const LiveHost&) = delete;

  // Returns when it answers. The journal goes on in the same file.
  void StartDaemon(const std::map<std::string, std::string>& environment = {});
  // Starts it without waiting for anything.
  void SpawnDaemon(const std::map<std::string, std::string>& environment = {});
  void AwaitDaemon();
  // SIGTERM; the exit code, or nothing when it did not end in time.
  std::optional<int> StopDaemon(double limit_seconds = 10);
  void KillDaemon();  // SIGKILL
  Child& daemon() { return daemon_; }
  client::Client& client() { return *client_; }

  const std::string& directory() const { return directory_.path(); }
  std::string config_path() const { return directory_.File("shadowd.yaml"); }
  std::string socket_path() const { return directory_.File("shadowd.sock"); }
  std::string state_path() const { return directory_.File("state/state.db"); }
  std::string BaseConfig() const;  // what every test's daemon has in its configuration
  std::string Journal() const { return ReadText(directory_.File("shadowd.log")); }
  std::string frontend() const;
  int frontend_port() const { return frontend_port_; }
  int first_port() const { return first_port_; }

  // A light service that is driven through HAProxy: slots of `service_ms` each, a second to start, no
  // cool-downs, emergencies only after long.
  v1::Service Shop(const std::string& id, double service_ms, int slots = 4) const;
  void StartUsers(double rps);
  // Seconds as the users saw them so far: requests sent and failed.
  struct Seen {
    uint64_t sent = 0;
    uint64_t errors = 0;
  };
  Seen StopUsers();

  std::vector<scale::HaproxyRow> Servers() const;  // of the backend, from `show stat`
  bool ServersUp(size_t count) const;
  // Pids below this directory, with shadows by the form of their names.
  std::vector<pid_t> Shadows() const;
  std::vector<pid_t> Instances() const;
  std::vector<pid_t> Others() const;  // anything else of the daemon's that still runs: shims
  // "" when it came to this within the limit; otherwise what there is, for the failure's message.
  std::string AwaitGone(double limit_seconds) const;

 private:
  std::vector<pid_t> Find(bool shadows, bool instances, bool others) const;

  Directory directory_;
  LiveOptions options_;
  int frontend_port_ = 0;
  int syslog_port_ = 0;
  int first_port_ = 0;
  Child haproxy_;
  Child users_;
  Child daemon_;
  std::unique_ptr<client::Client> client_;
};

// All resources of a noun under a parent.
template <typename T>
std::vector<T> All(client::Client& client, const std::string& parent) {
  std::vector<T> all;
  auto pager = client.List<T>(parent);
  for (;;) {
    absl::StatusOr<std::optional<T>> next = pager.Next();
    if (!next.ok() || !next->has_value()) {
      return all;
    }
    all.push_back(**next);
  }
}

}  // namespace shadowd::e2e
