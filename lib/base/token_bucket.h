// At most so many a second, with as many at once as fit into the bucket. Value type; time is an argument.
#pragma once

#include <algorithm>

#include "base/time.h"

namespace shadowd {

class TokenBucket {
 public:
  // Both > 0. It starts full.
  TokenBucket(double per_second, double burst, MonoTime now)
      : per_second_(per_second), burst_(burst), tokens_(burst), at_(now) {}

  bool Take(MonoTime now) {
    tokens_ = std::min(burst_, tokens_ + per_second_ * ToSeconds(std::max(Micros(0), now - at_)));
    at_ = std::max(at_, now);
    if (tokens_ < 1) {
      return false;
    }
    tokens_ -= 1;
    return true;
  }

 private:
  double per_second_;
  double burst_;
  double tokens_;
  MonoTime at_;
};

}  // namespace shadowd
