// The monotonic clock as the data plane reads it, in the time type of the pure parts.
#pragma once

#include <time.h>

#include "base/time.h"

namespace shadowd::io {

inline MonoTime ReadMonoTime() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return MonoTime(Micros(int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000));
}

}  // namespace shadowd::io
