#include "daemon/io/peer_listener.h"

#include <grp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace shadowd::io {
namespace {

constexpr int kBacklog = 128;
constexpr int kPauseMs = 100;  // when descriptors are short, before the next try

StatusOr<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.front() != '/') {
    return WithField(InvalidArgument("the socket's path must be absolute, got '{}'", path), "socket.path");
  }
  if (path.size() >= sizeof(address.sun_path)) {
    return WithField(InvalidArgument("the socket's path has {} bytes, {} fit: {}", path.size(),
                                     sizeof(address.sun_path) - 1, path),
                     "socket.path");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Status RemoveLeftover(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? absl::OkStatus() : ErrnoStatus(errno, path);
  }
  if (!S_ISSOCK(info.st_mode)) {
    return WithField(FailedPrecondition("{} exists and is not a socket; it is left alone", path),
                     "socket.path");
  }
  return ::unlink(path.c_str()) == 0 ? absl::OkStatus()
                                     : ErrnoStatus(errno, "cannot remove the old socket " + path);
}

StatusOr<gid_t> GroupId(const std::string& name) {
  std::array<char, 16'384> buffer{};
  group entry{};
  group* found = nullptr;
  const int error = ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (error != 0) {
    return ErrnoStatus(error, "group " + name);
  }
  if (found == nullptr) {
    return WithField(NotFound("there is no group '{}' for the socket", name), "socket.group");
  }
  return entry.gr_gid;
}

// The group first: until the mode is opened nobody but the owner gets in.
Status SetAccess(const PeerListener::Options& options) {
  if (!options.group.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(const gid_t gid, GroupId(options.group));
    if (::chown(options.path.c_str(), static_cast<uid_t>(-1), gid) != 0) {
      return ErrnoStatus(errno, "cannot give " + options.path + " to group " + options.group);
    }
  }
  if (::chmod(options.path.c_str(), options.mode) != 0) {
    return ErrnoStatus(errno, "cannot set the mode of " + options.path);
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<std::unique_ptr<PeerListener>> PeerListener::Create(Options options) {
  SHADOWD_ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(options.path));
  SHADOWD_RETURN_IF_ERROR(RemoveLeftover(options.path));
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd.valid() || !wake.valid()) {
    return ErrnoStatus(errno, "cannot make the socket");
  }
  // The mode of the socket itself bounds that of the file bind creates.
  if (::fchmod(fd.get(), 0600) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return ErrnoStatus(errno, "cannot bind " + options.path);
  }
  struct stat info {};
  Status access = SetAccess(options);
  if (access.ok() && (::lstat(options.path.c_str(), &info) != 0 || ::listen(fd.get(), kBacklog) != 0)) {
    access = ErrnoStatus(errno, "cannot listen on " + options.path);
  }
  if (!access.ok()) {
    ::unlink(options.path.c_str());
    return access;
  }
  return std::unique_ptr<PeerListener>(
      new PeerListener(std::move(options), std::move(fd), std::move(wake), info.st_ino));
}

PeerListener::PeerListener(Options options, UniqueFd listening, UniqueFd wake, ino_t inode)
    : options_(std::move(options)), listening_(std::move(listening)), wake_(std::move(wake)), inode_(inode) {}

PeerListener::~PeerListener() {
  Stop();
}

void PeerListener::Start(OnPeer on_peer) {
  thread_ = std::thread([this, on_peer = std::move(on_peer)] { Run(on_peer); });
}

void PeerListener::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof(one));
    thread_.join();
  }
  if (listening_.valid()) {
    struct stat info {};
    if (::lstat(options_.path.c_str(), &info) == 0 && info.st_ino == inode_) {
      ::unlink(options_.path.c_str());
    }
    listening_.Reset();
  }
}

void PeerListener::Run(const OnPeer& on_peer) {
  std::array<pollfd, 2> entries{{{listening_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
  while (true) {
    if (::poll(entries.data(), entries.size(), -1) < 0 && errno != EINTR) {
      return;
    }
    if (entries[1].revents != 0) {
      return;
    }
    AcceptAll(on_peer);
  }
}

void PeerListener::AcceptAll(const OnPeer& on_peer) {
  while (true) {
    UniqueFd peer(::accept4(listening_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!peer.valid()) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        pollfd stop{wake_.get(), POLLIN, 0};
        ::poll(&stop, 1, kPauseMs);
      }
      return;
    }
    ucred credentials{};
    socklen_t size = sizeof(credentials);
    if (::getsockopt(peer.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
      continue;  // nobody known is nobody served
    }
    on_peer(std::move(peer), {credentials.uid, credentials.gid, credentials.pid});
  }
}

}  // namespace shadowd::io
