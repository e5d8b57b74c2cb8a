// Chooses the port of a new replica from the range of its template: one that nobody listens on and that was
// not given out to a live replica. Goes round the range, so that a port just freed rests as long as possible
// (the balancer may still be draining it). Owned by the provider; its thread only.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/status.h"
#include "model/service.h"

namespace shadowd::io {

class PortChooser {
 public:
  // RESOURCE_EXHAUSTED with reason PORT_TAKEN and field instance.port_first, naming the range;
  // INVALID_ARGUMENT for a range or an address that cannot be used.
  StatusOr<int> Choose(const model::InstanceTemplate& instance, const std::set<int>& used);

 private:
  std::map<std::pair<int, int>, int> last_;  // given out of each range
};

}  // namespace shadowd::io
