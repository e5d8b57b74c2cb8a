// Small files of the kernel and of the runtime directory, and what is known of a process from them.
// Stateless, any thread. Errors carry the path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/replica.h"

namespace shadowd::io {

StatusOr<std::string> ReadSmallFile(const std::string& path, size_t max_bytes = 64 * 1024);
// One write(2), as the control files of the kernel want it. The file must exist.
Status WriteControlFile(const std::string& path, std::string_view text);
// Readers see the old text or the new one, never a part.
Status ReplaceFile(const std::string& path, std::string_view text);
// mkdir -p; existing directories are fine.
Status MakeDirectories(const std::string& path, unsigned mode = 0755);

// Of a live process; NOT_FOUND when there is none, or only a zombie.
StatusOr<model::ProcessIdentity> ReadIdentity(int64_t pid);
// Whether the very process is still there: a recycled pid, a zombie or another boot is not.
bool IsAlive(const model::ProcessIdentity& identity);
const std::string& BootId();

// Children of `pid`, their children and so on, from one pass over /proc.
std::vector<int64_t> DescendantsOf(int64_t pid);
// Resident bytes of one process; 0 when it is gone.
uint64_t ResidentBytes(int64_t pid);

}  // namespace shadowd::io
