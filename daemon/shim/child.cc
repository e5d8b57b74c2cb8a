#include "daemon/shim/child.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "daemon/io/proc_files.h"

namespace shadowd::shim {
namespace {

// Writes the failure for the shim to read and ends the child.
[[noreturn]] void Fail(int error_fd, int error_number, const std::string& stage) {
  const std::string text = fmt::format("{} {}", error_number, stage);
  [[maybe_unused]] const ssize_t put =
      ::write(error_fd, text.data(), std::min<size_t>(text.size(), PIPE_BUF));
  ::_exit(127);
}

void JoinGroups(const provider::ShimCommand& command, int error_fd) {
  for (const std::string& group : command.child_cgroups) {
    const std::string procs = group + "/cgroup.procs";
    const io::UniqueFd fd(::open(procs.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd.valid() || ::write(fd.get(), "0", 1) != 1) {
      Fail(error_fd, errno, "join " + group);
    }
  }
  if (!command.autogroup_nice) {
    return;
  }
  // The autogroup came with setsid. The kernel rations changes by processes without privilege.
  ::setpriority(PRIO_PROCESS, 0, 19);
  for (int attempt = 0; attempt < 5; ++attempt) {
    const Status niced = io::WriteControlFile("/proc/self/autogroup", "19");
    if (niced.ok() || errno != EAGAIN) {
      return;
    }
    ::usleep(100'000);
  }
}

void PinCpus(const std::vector<int>& cpus, int error_fd) {
  if (cpus.empty()) {
    return;
  }
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) {
    if (cpu < 0 || cpu >= CPU_SETSIZE) {
      Fail(error_fd, EINVAL, fmt::format("cpu_set {}", cpu));
    }
    CPU_SET(static_cast<size_t>(cpu), &set);
  }
  if (::sched_setaffinity(0, sizeof(set), &set) != 0) {
    Fail(error_fd, errno, "cpu_set");
  }
}

void TakeStdio(int output_fd, int error_fd) {
  const int null_fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null_fd < 0 || ::dup2(null_fd, 0) < 0 || ::dup2(output_fd, 1) < 0 || ::dup2(output_fd, 2) < 0) {
    Fail(error_fd, errno, "stdio");
  }
}

void ResetSignals() {
  for (int number = 1; number < NSIG; ++number) {
    ::signal(number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void RunChild(const provider::ShimCommand& command, pid_t shim, int output_fd, int go_fd,
                           int error_fd) {
  const provider::ProcessPlan& plan = command.plan;
  ::setsid();
  if (plan.die_with_shim) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != shim) {
      ::_exit(127);
    }
  }
  JoinGroups(command, error_fd);
  PinCpus(plan.cpu_set, error_fd);
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  const std::string& directory = plan.working_dir.empty() ? command.directory : plan.working_dir;
  if (::chdir(directory.c_str()) != 0) {
    Fail(error_fd, errno, "instance.working_dir " + directory);
  }
  TakeStdio(output_fd, error_fd);
  ResetSignals();
  char go = 0;
  if (::read(go_fd, &go, 1) != 1) {
    ::_exit(127);
  }
  std::vector<char*> argv;
  for (const std::string& word : plan.argv) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  Fail(error_fd, errno, "execve " + plan.argv[0]);
}

}  // namespace

Child::Child(pid_t pid, io::UniqueFd go, io::UniqueFd error)
    : pid_(pid), go_(std::move(go)), error_(std::move(error)) {}

StatusOr<Child> Child::Fork(const provider::ShimCommand& command, int output_fd) {
  int go[2];
  int error[2];
  if (::pipe2(go, O_CLOEXEC) != 0) {
    return ErrnoStatus(errno, "pipe");
  }
  io::UniqueFd go_read(go[0]);
  io::UniqueFd go_write(go[1]);
  if (::pipe2(error, O_CLOEXEC) != 0) {
    return ErrnoStatus(errno, "pipe");
  }
  io::UniqueFd error_read(error[0]);
  io::UniqueFd error_write(error[1]);
  const pid_t shim = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    return ErrnoStatus(errno, "fork");
  }
  if (pid == 0) {
    go_write.Reset();
    RunChild(command, shim, output_fd, go_read.get(), error_write.get());
  }
  return Child(pid, std::move(go_write), std::move(error_read));
}

StartError Child::Release() {
  [[maybe_unused]] const ssize_t put = ::write(go_.get(), "g", 1);
  go_.Reset();
  char text[PIPE_BUF + 1] = {};
  ssize_t got = 0;
  do {
    got = ::read(error_.get(), text, PIPE_BUF);
  } while (got < 0 && errno == EINTR);
  error_.Reset();
  if (got <= 0) {
    return {};
  }
  StartError failure;
  const char* const space = std::strchr(text, ' ');
  failure.error_number = std::atoi(text);
  failure.stage = space != nullptr ? space + 1 : "start";
  return failure;
}

}  // namespace shadowd::shim
