// Owns every part of the daemon and knows the order in which they start and stop; nothing else knows more
// than its neighbours. Start: lock and store, what was stored into core and read model, provider (which looks
// for what still runs), RPC, web. Stop is the reverse: no new calls, open ones end, the core steps no more,
// traffic and observation end, shadows end, production stays, the store is flushed. A trial that ran is
// closed by the next start. Used from the main thread, which waits for signals; the loop has its own.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "config/daemon_config.h"

namespace shadowd::daemon {

class App {
 public:
  struct Options {
    std::string config_path;  // read again at SIGHUP; "" = defaults, nothing to reload
    std::string shim_path;
    config::DaemonConfig config;
  };
  // Everything is up and answers calls when it returns; READY was sent to systemd.
  static StatusOr<std::unique_ptr<App>> Start(Options options);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // The whole new configuration or nothing: what needs a restart refuses the reload. Service files are
  // applied again.
  Status Reload();
  void Freeze(bool frozen, const std::string& reason, const std::string& actor);
  void Stop();  // returns when everything has ended; safe to repeat

 private:
  struct Parts;
  explicit App(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace shadowd::daemon
