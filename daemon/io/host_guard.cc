#include "daemon/io/host_guard.h"

#include "daemon/io/proc_files.h"
#include "kpi/proc.h"

namespace shadowd::io {

ports::HostPressure ReadHostPressure(const std::string& proc_dir) {
  ports::HostPressure pressure{0, -1};
  if (const auto text = ReadSmallFile(proc_dir + "/meminfo"); text.ok()) {
    if (const auto bytes = kpi::ParseMemAvailable(*text); bytes.ok()) {
      pressure.memory_available_bytes = static_cast<double>(*bytes);
    }
  }
  if (const auto text = ReadSmallFile(proc_dir + "/pressure/cpu"); text.ok()) {
    if (const auto parsed = kpi::ParsePressure(*text); parsed.ok()) {
      pressure.cpu_some_avg10 = parsed->some_avg10;
    }
  }
  return pressure;
}

}  // namespace shadowd::io
