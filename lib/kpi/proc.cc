#include "kpi/proc.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace shadowd::kpi {
namespace {

constexpr std::string_view kSpace = " \t\n";

// Takes the next word off the front of `text`; "" at the end.
std::string_view TakeWord(std::string_view& text) {
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) {
    text = {};
    return {};
  }
  text.remove_prefix(begin);
  const size_t length = std::min(text.find_first_of(kSpace), text.size());
  const std::string_view word = text.substr(0, length);
  text.remove_prefix(length);
  return word;
}

std::string_view TakeLine(std::string_view& text) {
  const size_t length = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, length);
  text.remove_prefix(std::min(length + 1, text.size()));
  return line;
}

template <typename Number>
std::optional<Number> ToNumber(std::string_view word) {
  Number value{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || error != std::errc() || end != word.data() + word.size()) {
    return std::nullopt;
  }
  return value;
}

// "key=value" of a PSI line.
template <typename Number>
std::optional<Number> TakeAssigned(std::string_view& line, std::string_view key) {
  std::string_view word = TakeWord(line);
  if (!word.starts_with(key) || word.size() <= key.size() || word[key.size()] != '=') {
    return std::nullopt;
  }
  return ToNumber<Number>(word.substr(key.size() + 1));
}

}  // namespace

StatusOr<ProcStat> ParseProcStat(std::string_view text) {
  const size_t open = text.find('(');
  const size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return DataLoss("stat: no command in parentheses");
  }
  ProcStat stat;
  std::string_view head = text.substr(0, open);
  const auto pid = ToNumber<int64_t>(TakeWord(head));
  if (!pid) {
    return DataLoss("stat: field 1 (pid) is no number");
  }
  stat.pid = *pid;
  stat.command = std::string(text.substr(open + 1, close - open - 1));
  std::string_view rest = text.substr(close + 1);
  const std::string_view state = TakeWord(rest);
  if (state.size() != 1) {
    return DataLoss("stat: field 3 (state) is no letter");
  }
  stat.state = state[0];
  for (int field = 4; field <= 22; ++field) {
    const std::string_view word = TakeWord(rest);
    const auto number = ToNumber<int64_t>(word);
    if (!number) {
      return DataLoss("stat: field {} is no number", field);
    }
    switch (field) {
      case 4:
        stat.parent = *number;
        break;
      case 5:
        stat.group = *number;
        break;
      case 6:
        stat.session = *number;
        break;
      case 14:
        stat.user_ticks = static_cast<uint64_t>(*number);
        break;
      case 15:
        stat.system_ticks = static_cast<uint64_t>(*number);
        break;
      case 22:
        stat.start_ticks = static_cast<uint64_t>(*number);
        break;
      default:
        break;
    }
  }
  return stat;
}

StatusOr<SchedStat> ParseSchedStat(std::string_view text) {
  const auto run = ToNumber<uint64_t>(TakeWord(text));
  const auto delay = ToNumber<uint64_t>(TakeWord(text));
  if (!run || !delay) {
    return DataLoss("schedstat: field {} is no number", run ? 2 : 1);
  }
  return SchedStat{*run, *delay};
}

StatusOr<uint64_t> ParseResidentPages(std::string_view text) {
  const auto size = ToNumber<uint64_t>(TakeWord(text));
  const auto resident = ToNumber<uint64_t>(TakeWord(text));
  if (!size || !resident) {
    return DataLoss("statm: field {} is no number", size ? 2 : 1);
  }
  return *resident;
}

StatusOr<uint64_t> ParseMemAvailable(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    if (TakeWord(line) != "MemAvailable:") {
      continue;
    }
    const auto kib = ToNumber<uint64_t>(TakeWord(line));
    if (!kib || *kib > UINT64_MAX / 1024 || TakeWord(line) != "kB") {
      return DataLoss("meminfo: MemAvailable is no number of kB");
    }
    return *kib * 1024;
  }
  return DataLoss("meminfo: no MemAvailable");
}

std::optional<uint64_t> FindFlatKey(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    if (TakeWord(line) == key) {
      return ToNumber<uint64_t>(TakeWord(line));
    }
  }
  return std::nullopt;
}

StatusOr<CgroupCpu> ParseCgroupCpu(std::string_view text) {
  CgroupCpu cpu;
  const auto usage = FindFlatKey(text, "usage_usec");
  const auto periods = FindFlatKey(text, "nr_periods");
  if (!usage && !periods) {
    return DataLoss("cpu.stat: neither usage_usec nor nr_periods");
  }
  cpu.usage_us = usage.value_or(0);
  cpu.periods = periods.value_or(0);
  cpu.throttled_periods = FindFlatKey(text, "nr_throttled").value_or(0);
  return cpu;
}

StatusOr<std::vector<int64_t>> ParsePids(std::string_view text) {
  std::vector<int64_t> pids;
  while (pids.size() < kMaxPids) {
    const std::string_view word = TakeWord(text);
    if (word.empty()) {
      break;
    }
    const auto pid = ToNumber<int64_t>(word);
    if (!pid || *pid < 0) {
      return DataLoss("cgroup.procs: line {} is no pid", pids.size() + 1);
    }
    pids.push_back(*pid);
  }
  return pids;
}

StatusOr<Pressure> ParsePressure(std::string_view text) {
  Pressure pressure;
  bool some = false;
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    const std::string_view kind = TakeWord(line);
    if (kind != "some" && kind != "full") {
      continue;
    }
    const auto avg10 = TakeAssigned<double>(line, "avg10");
    const auto avg60 = TakeAssigned<double>(line, "avg60");
    const auto avg300 = TakeAssigned<double>(line, "avg300");
    const auto total = TakeAssigned<uint64_t>(line, "total");
    if (!avg10 || !avg60 || !avg300 || !total) {
      return DataLoss("pressure: line '{}' is not avg10= avg60= avg300= total=", kind);
    }
    if (kind == "some") {
      some = true;
      pressure.some_avg10 = *avg10;
      pressure.some_total_us = *total;
    } else {
      pressure.full_avg10 = *avg10;
    }
  }
  if (!some) {
    return DataLoss("pressure: no line 'some'");
  }
  return pressure;
}

CgroupMounts ParseCgroupMounts(std::string_view mounts) {
  CgroupMounts found;
  while (!mounts.empty()) {
    std::string_view line = TakeLine(mounts);
    TakeWord(line);
    const std::string_view where = TakeWord(line);
    const std::string_view type = TakeWord(line);
    const std::string_view options = TakeWord(line);
    const auto has = [&](std::string_view controller) {
      for (size_t begin = 0; begin <= options.size();) {
        const size_t end = std::min(options.find(',', begin), options.size());
        if (options.substr(begin, end - begin) == controller) {
          return true;
        }
        begin = end + 1;
      }
      return false;
    };
    if (type == "cgroup2" && found.unified.empty()) {
      found.unified = std::string(where);
    } else if (type == "cgroup" && found.cpu.empty() && has("cpu")) {
      found.cpu = std::string(where);
    } else if (type == "cgroup" && found.memory.empty() && has("memory")) {
      found.memory = std::string(where);
    }
  }
  return found;
}

}  // namespace shadowd::kpi
