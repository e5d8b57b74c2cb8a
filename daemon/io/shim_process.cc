#include "daemon/io/shim_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace shadowd::io {
namespace {

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

// Above the numbers that the shim expects, so that placing one does not close the other.
UniqueFd MoveUp(UniqueFd fd) {
  return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 16));
}

struct SpawnSettings {
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigset_t set;
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attributes, &set);
    sigfillset(&set);
    posix_spawnattr_setsigdefault(&attributes, &set);
    posix_spawnattr_setflags(
        &attributes, static_cast<short>(POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

}  // namespace

std::string ReplicaPath(const std::string& directory, const model::ReplicaId& id, const char* suffix) {
  return directory + "/" + id.str() + suffix;
}

void RemoveReplicaFiles(const std::string& directory, const model::ReplicaId& id) {
  // The .tmp is there when the shim was killed while it wrote its record.
  for (const char* suffix : {".json", ".json.tmp", ".sock", ".out", ".lock"}) {
    ::unlink(ReplicaPath(directory, id, suffix).c_str());
  }
}

StatusOr<UniqueFd> LockReplica(const std::string& directory, const model::ReplicaId& id) {
  const std::string path = ReplicaPath(directory, id, ".lock");
  constexpr int kAttempts = 10;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
    if (!fd.valid()) {
      return ErrnoStatus(errno, path);
    }
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      return errno == EWOULDBLOCK ? Aborted("{} is held", path) : ErrnoStatus(errno, path);
    }
    // A shim that ends removes the file it holds: what was locked must still be what the path names.
    struct stat held {};
    struct stat named {};
    if (::fstat(fd.get(), &held) == 0 && ::stat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino) {
      return fd;
    }
  }
  return Unavailable("{} changes all the time", path);
}

StatusOr<SpawnedShim> SpawnShim(const std::string& shim_path, const provider::ShimCommand& command,
                                UniqueFd lock) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    return ErrnoStatus(errno, "socketpair");
  }
  SpawnedShim shim;
  shim.control.Reset(ends[0]);
  const UniqueFd theirs = MoveUp(UniqueFd(ends[1]));
  const UniqueFd lock_up = MoveUp(std::move(lock));
  if (!theirs.valid() || !lock_up.valid()) {
    return ErrnoStatus(errno, "dup");
  }
  SpawnSettings settings;
  for (const int fd : {0, 1, 2}) {
    posix_spawn_file_actions_addopen(&settings.actions, fd, "/dev/null", O_RDWR, 0);
  }
  posix_spawn_file_actions_adddup2(&settings.actions, theirs.get(), provider::kShimControlFd);
  posix_spawn_file_actions_adddup2(&settings.actions, lock_up.get(), provider::kShimLockFd);
  std::vector<std::string> argv = provider::EncodeShimArgv(shim_path, command);
  std::vector<std::string> environment;
  for (const auto& [name, value] : command.plan.environment) {
    environment.push_back(name + "=" + value);
  }
  const int error = ::posix_spawn(&shim.pid, shim_path.c_str(), &settings.actions, &settings.attributes,
                                  Pointers(argv).data(), Pointers(environment).data());
  if (error != 0) {
    return WithReason(ErrnoStatus(error, "shim " + shim_path), "START_FAILED");
  }
  return shim;
}

StatusOr<UniqueFd> ConnectShim(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return InvalidArgument("socket path longer than {} bytes: {}", sizeof(address.sun_path) - 1, path);
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid() || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return ErrnoStatus(errno, path);
  }
  return fd;
}

}  // namespace shadowd::io
