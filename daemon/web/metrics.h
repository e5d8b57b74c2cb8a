// The daemon's own figures for Prometheus. Owned by the app, thread-safe. Labels come from closed sets
// (methods, states, kinds), so the number of series is bounded.
#pragma once

#include <memory>
#include <string>

#include "base/time.h"

namespace prometheus {
class Registry;
}

namespace shadowd::daemon {

class Catalogue;

class Metrics {
 public:
  Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;
  ~Metrics();

  void CountRpc(const std::string& method, const std::string& code, Micros took);
  // `lag` is how long the event waited before the loop took it.
  void CountEvent(const std::string& kind, Micros lag);
  void CountCommit(size_t mutations, Micros took);
  void SetQueueDepth(const std::string& queue, size_t depth);
  // Gauges of the read model. Loop thread.
  void Observe(const Catalogue& catalogue);

  // For families of other parts of the daemon.
  prometheus::Registry& registry();
  // Everything in the text format 0.0.4.
  std::string Text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace shadowd::daemon
