// The kernel's text files, from a kernel that writes anything.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kpi/proc.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shadowd::kpi;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(ParseProcStat(text));
  static_cast<void>(ParseSchedStat(text));
  static_cast<void>(ParseResidentPages(text));
  static_cast<void>(ParseMemAvailable(text));
  static_cast<void>(ParseCgroupCpu(text));
  static_cast<void>(ParsePids(text));
  static_cast<void>(ParsePressure(text));
  static_cast<void>(ParseCgroupMounts(text));
  return 0;
}
