#include "daemon/io/signal_set.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <cerrno>

namespace shadowd::io {

StatusOr<SignalSet> SignalSet::Create(const std::vector<int>& signals) {
  sigset_t mask;
  sigemptyset(&mask);
  for (const int number : signals) {
    if (sigaddset(&mask, number) != 0) {
      return ErrnoStatus(errno, fmt::format("signal {}", number));
    }
  }
  if (const int error = pthread_sigmask(SIG_BLOCK, &mask, nullptr); error != 0) {
    return ErrnoStatus(error, "cannot block signals");
  }
  if (::signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
    return ErrnoStatus(errno, "cannot ignore SIGPIPE");
  }
  UniqueFd fd(::signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd.valid()) {
    return ErrnoStatus(errno, "signalfd");
  }
  return SignalSet(std::move(fd));
}

std::optional<int> SignalSet::Next() {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof(info)) != static_cast<ssize_t>(sizeof(info))) {
    return std::nullopt;
  }
  return static_cast<int>(info.ssi_signo);
}

std::optional<int> SignalSet::Wait(Micros timeout) {
  pollfd entry{fd_.get(), POLLIN, 0};
  ::poll(&entry, 1, static_cast<int>(timeout.count() / 1'000));
  return Next();
}

}  // namespace shadowd::io
