// A request as it goes over the wire, shared by all shadows that get it. Immutable once made, so threads may
// share it.
#pragma once

#include <memory>
#include <string>

namespace shadowd::load {

struct WireRequest {
  std::string bytes;
  bool head = false;  // HEAD: the response has no body
  bool safe = true;   // may be sent again when a kept connection turns out to be closed
};
using WireRequestPtr = std::shared_ptr<const WireRequest>;

}  // namespace shadowd::load
