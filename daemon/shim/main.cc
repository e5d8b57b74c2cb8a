// shadowd-shim: stands between the daemon and one replica. See shim.h.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "daemon/shim/shim.h"

int main(int argc, char** argv) {
  // What a library of the daemon left open across exec goes first.
  ::close_range(shadowd::provider::kShimLockFd + 1, ~0U, 0);
  auto command = shadowd::provider::DecodeShimArgv(std::vector<std::string>(argv, argv + argc));
  if (!command.ok()) {
    std::fprintf(stderr, "shadowd-shim: %s\n", shadowd::MessageOf(command.status()).c_str());
    return 2;
  }
  if (::fcntl(shadowd::provider::kShimControlFd, F_GETFD) < 0 ||
      ::fcntl(shadowd::provider::kShimLockFd, F_GETFD) < 0) {
    std::fprintf(stderr, "shadowd-shim: started without the daemon's connection\n");
    return 2;
  }
  return shadowd::shim::Shim(*std::move(command)).Run();
}
