// Files as text, gzipped or plain. The only place of shadow-lab that reads or writes a disk.
#pragma once

#include <string>

#include "base/status.h"

namespace shadowd::input {

// NOT_FOUND, PERMISSION_DENIED ... as the system says; INVALID_ARGUMENT for a broken gzip stream;
// RESOURCE_EXHAUSTED for more than kInputBytesMax of text.
inline constexpr size_t kInputBytesMax = size_t{256} << 20;
StatusOr<std::string> ReadInput(const std::string& path);

Status WriteOutput(const std::string& path, const std::string& text);

// "trace" of "/data/trace.csv.gz".
std::string StemOf(const std::string& path);

}  // namespace shadowd::input
