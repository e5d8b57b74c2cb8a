#include "daemon/shim/shim.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "daemon/io/proc_files.h"

namespace shadowd::shim {
namespace {

constexpr size_t kMaxConnections = 8;
constexpr int64_t kOutputPauseUs = 50'000;
constexpr int64_t kMemoryEveryUs = 250'000;
// A shadow that nobody wants any more has little to tidy up.
constexpr Micros kLapseGrace = std::chrono::milliseconds(300);

int64_t ClockUs(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

int64_t NowUs() {
  return ClockUs(CLOCK_MONOTONIC);
}

StatusOr<io::UniqueFd> Listen(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return InvalidArgument("socket path longer than {} bytes: {}", sizeof(address.sun_path) - 1, path);
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  io::UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  ::unlink(path.c_str());
  const mode_t before = ::umask(0177);
  const int bound =
      fd.valid() ? ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) : -1;
  const int bind_error = errno;
  ::umask(before);
  if (bound != 0) {
    return ErrnoStatus(bind_error, path);
  }
  if (::listen(fd.get(), static_cast<int>(kMaxConnections)) != 0) {
    return ErrnoStatus(errno, path);
  }
  return fd;
}

// The soonest of two deadlines, 0 = none.
void Sooner(int64_t& soonest, int64_t at) {
  if (at != 0 && (soonest == 0 || at < soonest)) {
    soonest = at;
  }
}

}  // namespace

Shim::Shim(provider::ShimCommand command) : command_(std::move(command)) {}

int Shim::Run() {
  connections_.emplace_back(provider::kShimControlFd);
  Status started = Prepare();
  if (started.ok()) {
    started = StartChild();
  } else {
    end_ = {provider::EndCause::kStartFailed, -1, 0, EIO, MessageOf(started), ""};
  }
  if (!started.ok()) {
    Finish();
    return 1;
  }
  Report({provider::ReportKind::kAlive, command_.plan.record, command_.note, {}});
  while (!gone_) {
    WaitForSomething();
  }
  return 0;
}

std::string Shim::Path(const char* suffix) const {
  return command_.directory + "/" + command_.plan.record.id.str() + suffix;
}

Status Shim::Prepare() {
  ::fcntl(provider::kShimControlFd, F_SETFD, FD_CLOEXEC);
  ::fcntl(provider::kShimControlFd, F_SETFL, O_NONBLOCK);
  ::fcntl(provider::kShimLockFd, F_SETFD, FD_CLOEXEC);
  ::signal(SIGPIPE, SIG_IGN);
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
    return ErrnoStatus(errno, "subreaper");
  }
  for (const std::string& cgroup : command_.shim_cgroups) {
    // Not being there only makes the shim slower under load.
    io::WriteControlFile(cgroup + "/cgroup.procs", "0").IgnoreError();
  }
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT}) {
    sigaddset(&set, number);
  }
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_.Reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.valid()) {
    return ErrnoStatus(errno, "signalfd");
  }
  SHADOWD_ASSIGN_OR_RETURN(listener_, Listen(Path(".sock")));
  SHADOWD_ASSIGN_OR_RETURN(output_, OutputFile::Create(Path(".out"), command_.plan.output_bytes_max));
  return {};
}

Status Shim::StartChild() {
  StatusOr<Child> child = Child::Fork(command_, output_->fd());
  if (!child.ok()) {
    end_ = {provider::EndCause::kStartFailed, -1, 0, EAGAIN, MessageOf(child.status()), ""};
    return child.status();
  }
  group_.emplace(child->pid(), command_.child_cgroups);
  provider::ReplicaRecord& record = command_.plan.record;
  record.process =
      io::ReadIdentity(child->pid()).value_or(model::ProcessIdentity{child->pid(), 0, io::BootId()});
  record.shim = io::ReadIdentity(::getpid()).value_or(model::ProcessIdentity{});
  record.started_wall_us = ClockUs(CLOCK_REALTIME);
  StartError failure;
  const Status saved = SaveRecord();
  if (saved.ok()) {
    failure = child->Release();
  } else {
    failure = {EIO, MessageOf(saved)};
  }
  if (failure.error_number != 0) {
    end_ = {provider::EndCause::kStartFailed, -1, 0, failure.error_number, failure.stage, ""};
    return ErrnoStatus(failure.error_number, failure.stage);
  }
  const int64_t now = NowUs();
  const provider::ProcessPlan& plan = command_.plan;
  lease_until_ = record.lease.count() > 0 ? now + record.lease.count() : 0;
  ttl_until_ = plan.ttl.count() > 0 ? now + plan.ttl.count() : 0;
  look_at_memory_at_ = command_.poll_memory ? now + kMemoryEveryUs : 0;
  return {};
}

Status Shim::SaveRecord() const {
  return io::ReplaceFile(Path(".json"), provider::EncodeRecord(command_.plan.record));
}

std::vector<pollfd> Shim::Watched() const {
  std::vector<pollfd> watched = {{signals_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
  // poll(2) skips negative descriptors.
  watched.push_back({output_paused_ ? -1 : output_->watch_fd(), POLLIN, 0});
  for (const io::UniqueFd& connection : connections_) {
    watched.push_back({connection.get(), POLLIN, 0});
  }
  return watched;
}

int Shim::TimeoutMs() const {
  int64_t soonest = 0;
  for (const int64_t at : {lease_until_, ttl_until_, kill_at_, look_at_output_at_, look_at_memory_at_}) {
    Sooner(soonest, at);
  }
  if (soonest == 0) {
    return -1;
  }
  constexpr int64_t kLongestMs = 60'000;
  return static_cast<int>(std::clamp<int64_t>((soonest - NowUs() + 999) / 1000, 0, kLongestMs));
}

void Shim::WaitForSomething() {
  std::vector<pollfd> watched = Watched();
  if (::poll(watched.data(), watched.size(), TimeoutMs()) < 0) {
    return;  // EINTR
  }
  std::vector<int> over;
  for (size_t i = 3; i < watched.size(); ++i) {
    if (watched[i].revents != 0 && !Serve(watched[i].fd)) {
      over.push_back(watched[i].fd);
    }
  }
  std::erase_if(connections_, [&](const io::UniqueFd& connection) {
    return std::find(over.begin(), over.end(), connection.get()) != over.end();
  });
  if (watched[1].revents != 0) {
    Accept();
  }
  if (watched[2].revents != 0) {
    // A chatty replica must not keep the shim busy: look again after a pause.
    output_paused_ = true;
    look_at_output_at_ = NowUs() + kOutputPauseUs;
  }
  CheckDeadlines();
  if (watched[0].revents != 0) {
    TakeSignals();
  }
}

void Shim::CheckDeadlines() {
  const int64_t now = NowUs();
  const auto due = [now](int64_t& at) {
    const bool is_due = at != 0 && now >= at;
    at = is_due ? 0 : at;
    return is_due;
  };
  if (due(look_at_output_at_)) {
    output_paused_ = false;
    output_->Look();
  }
  if (due(look_at_memory_at_)) {
    look_at_memory_at_ = now + kMemoryEveryUs;
    if (group_->Resident() > command_.plan.memory_max_bytes) {
      BeginStop(provider::EndCause::kMemoryExceeded, Micros(0));
    }
  }
  if (due(lease_until_)) {
    BeginStop(provider::EndCause::kLeaseLapsed, kLapseGrace);
  }
  if (due(ttl_until_)) {
    BeginStop(provider::EndCause::kTtlReached, kLapseGrace);
  }
  if (due(kill_at_)) {
    group_->Signal(SIGKILL);
    kill_at_ = now + 1'000'000;  // repeated until the exit is seen
  }
}

void Shim::TakeSignals() {
  signalfd_siginfo info;
  while (::read(signals_.get(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
    if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
      BeginStop(provider::EndCause::kStopped, command_.plan.record.stop_grace);
    }
  }
  LookForExit();
}

// The leader is left unreaped until its group is ended, so that its number stays taken.
void Shim::LookForExit() {
  const auto leader = static_cast<id_t>(command_.plan.record.process.pid);
  siginfo_t info{};
  if (::waitid(P_PID, leader, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
    if (info.si_code == CLD_EXITED) {
      end_.exit_code = info.si_status;
    } else {
      end_.signal = info.si_status;
    }
    Finish();
    return;
  }
  // Orphans of the replica that came to the subreaper.
  for (;;) {
    siginfo_t orphan{};
    if (::waitid(P_ALL, 0, &orphan, WEXITED | WNOHANG | WNOWAIT) != 0 || orphan.si_pid == 0 ||
        orphan.si_pid == static_cast<pid_t>(leader)) {
      return;
    }
    ::waitpid(orphan.si_pid, nullptr, WNOHANG);
  }
}

void Shim::Accept() {
  io::UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (fd.valid() && connections_.size() < kMaxConnections) {
    connections_.push_back(std::move(fd));
  }
}

bool Shim::Serve(int fd) {
  char packet[256];
  const ssize_t got = ::recv(fd, packet, sizeof(packet), 0);
  if (got < 0) {
    return errno == EAGAIN || errno == EINTR;
  }
  if (got == 0) {
    return false;
  }
  const auto request = provider::DecodeRequest(std::string_view(packet, static_cast<size_t>(got)));
  if (!request.ok()) {
    return false;
  }
  Answer(fd, *request);
  return true;
}

void Shim::Answer(int fd, const provider::ShimRequest& request) {
  switch (request.kind) {
    case provider::RequestKind::kStatus: {
      const std::string reply =
          provider::EncodeReport({provider::ReportKind::kAlive, command_.plan.record, command_.note, {}});
      ::send(fd, reply.data(), reply.size(), MSG_NOSIGNAL);
      return;
    }
    case provider::RequestKind::kRenew:
      if (lease_until_ != 0) {
        lease_until_ = NowUs() + command_.plan.record.lease.count();
      }
      return;
    case provider::RequestKind::kReady:
      command_.plan.record.ready = true;
      // Without it the next daemon only probes once more.
      SaveRecord().IgnoreError();
      return;
    case provider::RequestKind::kStop:
      BeginStop(provider::EndCause::kStopped, request.grace);
      return;
  }
}

// A second order may shorten the grace, never lengthen it; the first cause stays.
void Shim::BeginStop(provider::EndCause cause, Micros grace) {
  const int64_t kill_at = NowUs() + std::max<int64_t>(grace.count(), 1);
  if (!stopping_) {
    stopping_ = true;
    end_.cause = cause;
    kill_at_ = kill_at;
    group_->Signal(SIGTERM);
    group_->Signal(SIGCONT);  // a stopped process would not see it
  }
  kill_at_ = std::min(kill_at_ == 0 ? kill_at : kill_at_, kill_at);
}

void Shim::Finish() {
  if (output_) {
    end_.output_lines = output_->Tail(provider::kMaxOutputTailBytes);
  }
  if (group_) {
    group_->End();
  }
  if (output_) {
    output_->Remove();
  }
  for (const char* suffix : {".json", ".sock", ".lock"}) {
    ::unlink(Path(suffix).c_str());
  }
  Report({provider::ReportKind::kEnded, {}, "", end_});
  gone_ = true;
}

void Shim::Report(const provider::ShimReport& report) {
  const std::string packet = provider::EncodeReport(report);
  for (const io::UniqueFd& connection : connections_) {
    ::send(connection.get(), packet.data(), packet.size(), MSG_NOSIGNAL);
  }
}

}  // namespace shadowd::shim
