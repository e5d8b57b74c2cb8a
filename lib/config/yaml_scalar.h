// Scalars of configuration files: lengths of time ("250ms", "1h30m"), sizes ("64MiB"), numbers and switches.
// Strict: the whole text must be used. Errors say what was expected. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"

namespace shadowd::config {

// One or more of NUMBER UNIT with us, ms, s, m, h or d, the largest unit first; "0" needs no unit.
StatusOr<Micros> ParseDuration(std::string_view text);
// The same length in the fewest parts; ParseDuration gives it back. "-" leads a negative one.
std::string FormatDuration(Micros length);

// Bytes, or NUMBER with KiB, MiB, GiB or TiB (powers of 1024) or kB, MB, GB, TB (of 1000).
StatusOr<uint64_t> ParseSize(std::string_view text);

StatusOr<int64_t> ParseInteger(std::string_view text);
StatusOr<double> ParseNumber(std::string_view text);  // finite
StatusOr<bool> ParseSwitch(std::string_view text);    // true or false

}  // namespace shadowd::config
