#include "daemon/io/proc_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <memory>

#include "daemon/io/unique_fd.h"
#include "kpi/proc.h"

namespace shadowd::io {

StatusOr<std::string> ReadSmallFile(const std::string& path, size_t max_bytes) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return ErrnoStatus(errno, path);
  }
  std::string text;
  char buffer[4096];
  while (text.size() < max_bytes) {
    const ssize_t got = ::read(fd.get(), buffer, std::min(sizeof(buffer), max_bytes - text.size()));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return ErrnoStatus(errno, path);
    }
    if (got == 0) {
      break;
    }
    text.append(buffer, static_cast<size_t>(got));
  }
  return text;
}

Status WriteControlFile(const std::string& path, std::string_view text) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid() || ::write(fd.get(), text.data(), text.size()) < 0) {
    return ErrnoStatus(errno, path);
  }
  return {};
}

Status ReplaceFile(const std::string& path, std::string_view text) {
  const std::string temporary = path + ".tmp";
  UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  if (!fd.valid()) {
    return ErrnoStatus(errno, temporary);
  }
  while (!text.empty()) {
    const ssize_t put = ::write(fd.get(), text.data(), text.size());
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      return ErrnoStatus(errno, temporary);
    }
    text.remove_prefix(static_cast<size_t>(put));
  }
  fd.Reset();
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return ErrnoStatus(errno, path);
  }
  return {};
}

Status MakeDirectories(const std::string& path, unsigned mode) {
  for (size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
    const std::string part = path.substr(0, at);
    if (::mkdir(part.c_str(), mode) != 0 && errno != EEXIST) {
      return ErrnoStatus(errno, part);
    }
    if (at == std::string::npos) {
      return {};
    }
  }
}

const std::string& BootId() {
  static const std::string id = [] {
    std::string text = ReadSmallFile("/proc/sys/kernel/random/boot_id").value_or("");
    return text.substr(0, text.find('\n'));
  }();
  return id;
}

StatusOr<model::ProcessIdentity> ReadIdentity(int64_t pid) {
  SHADOWD_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(fmt::format("/proc/{}/stat", pid)));
  SHADOWD_ASSIGN_OR_RETURN(const kpi::ProcStat stat, kpi::ParseProcStat(text));
  if (stat.state == 'Z' || stat.state == 'X') {
    return NotFound("process {} is a zombie", pid);
  }
  return model::ProcessIdentity{pid, stat.start_ticks, BootId()};
}

bool IsAlive(const model::ProcessIdentity& identity) {
  if (identity.pid <= 0) {
    return false;
  }
  const auto now = ReadIdentity(identity.pid);
  return now.ok() && *now == identity;
}

std::vector<int64_t> DescendantsOf(int64_t pid) {
  std::multimap<int64_t, int64_t> children;
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), &::closedir);
  while (const dirent* entry = proc ? ::readdir(proc.get()) : nullptr) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') {
      continue;
    }
    const auto text = ReadSmallFile(fmt::format("/proc/{}/stat", entry->d_name));
    const auto stat = text.ok() ? kpi::ParseProcStat(*text) : StatusOr<kpi::ProcStat>(text.status());
    if (stat.ok()) {
      children.emplace(stat->parent, stat->pid);
    }
  }
  std::vector<int64_t> found;
  const auto add = [&](int64_t parent) {
    const auto [begin, end] = children.equal_range(parent);
    for (auto it = begin; it != end; ++it) {
      found.push_back(it->second);
    }
    children.erase(parent);
  };
  add(pid);
  for (size_t next = 0; next < found.size(); ++next) {
    const int64_t parent = found[next];
    add(parent);
  }
  return found;
}

uint64_t ResidentBytes(int64_t pid) {
  static const auto page_bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  const auto text = ReadSmallFile(fmt::format("/proc/{}/statm", pid));
  const auto pages = text.ok() ? kpi::ParseResidentPages(*text) : StatusOr<uint64_t>(text.status());
  return pages.ok() ? *pages * page_bytes : 0;
}

}  // namespace shadowd::io
