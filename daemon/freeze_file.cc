#include "daemon/freeze_file.h"

#include <filesystem>
#include <system_error>

namespace shadowd::daemon {

std::optional<ports::Freeze> FreezeFile::Look(bool frozen, const std::string& reason) const {
  const std::string ours = "the file " + path_ + " exists";
  std::error_code error;
  const bool there = std::filesystem::exists(path_, error);
  if (there && !frozen) {
    return ports::Freeze{true, ours};
  }
  if (!there && !error && frozen && reason == ours) {
    return ports::Freeze{false, ""};
  }
  return std::nullopt;
}

}  // namespace shadowd::daemon
