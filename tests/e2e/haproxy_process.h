// A real HAProxy as a child of the test: its configuration lies in a directory of its own, its ports are free
// ones, and it is killed by its pid at the end. reload() replaces it as `systemctl reload` does: a new
// process takes the listeners over by binding them too, and the old one is asked to finish.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "base/status.h"

namespace shadowd::e2e {

struct HaproxyOptions {
  std::string balance = "random(1)";
  std::string level = "admin";
  std::string log_address = "";  // where the log goes; empty = none
  bool exact_log = true;         // with " us=N" at the end of each line
};

class HaproxyProcess {
 public:
  explicit HaproxyProcess(HaproxyOptions options);  // fails the test when there is no HAProxy
  ~HaproxyProcess();
  HaproxyProcess(const HaproxyProcess&) = delete;
  HaproxyProcess& operator=(const HaproxyProcess&) = delete;

  void Start();
  void Stop();  // SIGKILL, waits
  void Reload();

  const std::string& socket() const { return socket_; }
  int port() const { return port_; }
  std::string address() const;  // of the frontend

 private:
  pid_t Spawn();

  HaproxyOptions options_;
  std::string directory_;
  std::string socket_;
  int port_ = 0;
  pid_t pid_ = -1;
};

// A port of 127.0.0.1 that was free a moment ago.
int FreePort();

// Looks every few milliseconds until the condition holds; false when it never did within the limit.
bool Eventually(const std::function<bool()>& condition, double limit_seconds = 15);

// A child process by its argv (PATH is searched); its output goes to /dev/null.
pid_t SpawnProcess(const std::vector<std::string>& argv);
void KillProcess(pid_t pid, int signal);  // and waits for it

}  // namespace shadowd::e2e
