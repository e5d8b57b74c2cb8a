#include "daemon/io/replica_watch.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <utility>

#include "daemon/io/proc_files.h"
#include "daemon/io/shim_process.h"

namespace shadowd::io {

namespace asio = boost::asio;
using boost::system::error_code;
using Descriptor = asio::posix::stream_descriptor;

namespace {

UniqueFd OpenPidfd(int64_t pid) {
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0)));
}

// A handle that cannot come to mean another process: the identity is read again while it is held.
UniqueFd OpenVerified(const model::ProcessIdentity& identity) {
  UniqueFd fd = identity.pid > 0 ? OpenPidfd(identity.pid) : UniqueFd();
  if (fd.valid() && !IsAlive(identity)) {
    fd.Reset();
  }
  return fd;
}

}  // namespace

class ReplicaWatch::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(asio::io_context& context, const CgroupTree& cgroups, std::string directory,
          provider::ReplicaRecord record, Handles handles, Listener listener)
      : context_(context),
        cgroups_(cgroups),
        directory_(std::move(directory)),
        record_(std::move(record)),
        listener_(std::move(listener)),
        link_(context),
        shim_(context),
        process_(context),
        renew_timer_(context),
        stop_timer_(context),
        shim_pid_(handles.shim_pid) {
    if (handles.link.valid()) {
      link_.assign(handles.link.Release());
    }
  }

  void Begin() {
    UniqueFd shim = shim_pid_ > 0 ? OpenPidfd(shim_pid_) : OpenVerified(record_.shim);
    const bool has_shim = shim.valid();
    if (has_shim) {
      // Ours to reap where this process started it, also as an earlier provider.
      shim_pid_ = shim_pid_ > 0 ? shim_pid_ : static_cast<pid_t>(record_.shim.pid);
      shim_.assign(shim.Release());
      shim_.async_wait(Descriptor::wait_read, Guarded(&Session::OnShimGone));
    }
    if (link_.is_open()) {
      Send({provider::RequestKind::kRenew, {}});
      WaitLink();
      Renew();
    }
    if (!has_shim) {
      asio::post(context_, [self = shared_from_this()] { self->OnShimGone(); });
    }
  }

  void Stop(Micros grace) {
    if (over_) {
      return;
    }
    constexpr Micros kShimMargin = std::chrono::milliseconds(2500);
    if (shim_gone_ || !Send({provider::RequestKind::kStop, grace})) {
      SignalProcess(SIGTERM);
    }
    const auto kill_at =
        asio::steady_timer::clock_type::now() + grace + (shim_gone_ ? Micros(0) : kShimMargin);
    if (stopping_ && stop_timer_.expiry() <= kill_at) {
      return;
    }
    stopping_ = true;
    stop_timer_.expires_at(kill_at);
    stop_timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) {
        self->Force();
      }
    });
  }

  void MarkReady() {
    record_.ready = true;
    Send({provider::RequestKind::kReady, {}});
  }

  void Abandon() {
    over_ = true;
    listener_ = {};
    CloseAll();
  }

  const provider::ReplicaRecord& record() const { return record_; }

 private:
  std::function<void(error_code)> Guarded(void (Session::*method)()) {
    return [self = shared_from_this(), method](error_code error) {
      if (!error && !self->over_) {
        (self.get()->*method)();
      }
    };
  }

  void WaitLink() { link_.async_wait(Descriptor::wait_read, Guarded(&Session::OnLink)); }

  void OnLink() {
    // The ceiling of a packet, never split and never joined.
    std::array<char, provider::kMaxMessageBytes> packet;
    const ssize_t got = ::recv(link_.native_handle(), packet.data(), packet.size(), MSG_DONTWAIT);
    // ECONNRESET comes before what is still to be read when the shim left without reading our last packet.
    if (got < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNRESET)) {
      WaitLink();
      return;
    }
    const auto report =
        got > 0 ? provider::DecodeReport(std::string_view(packet.data(), static_cast<size_t>(got)))
                : StatusOr<provider::ShimReport>(Unavailable("link closed"));
    if (!report.ok()) {
      link_.close();  // the shim is going, or is none of ours: its handle tells
      return;
    }
    WaitLink();
    if (report->kind == provider::ReportKind::kEnded) {
      end_ = report->end;
      has_end_ = true;
    } else {
      OnAlive(*report);
    }
  }

  void OnAlive(const provider::ShimReport& report) {
    const bool first = record_.process.pid == 0;
    if (first) {
      record_ = report.record;
    }
    if (first && listener_.alive) {
      listener_.alive(report);
    }
  }

  // The link may still hold the last word.
  void OnShimGone() {
    if (shim_gone_) {
      return;
    }
    while (link_.is_open() && !over_) {
      link_.cancel();
      std::array<char, provider::kMaxMessageBytes> packet;
      const ssize_t got = ::recv(link_.native_handle(), packet.data(), packet.size(), MSG_DONTWAIT);
      if (got < 0 && (errno == ECONNRESET || errno == EINTR)) {
        continue;
      }
      if (got <= 0) {
        link_.close();
        break;
      }
      const auto report = provider::DecodeReport(std::string_view(packet.data(), static_cast<size_t>(got)));
      if (report.ok() && report->kind == provider::ReportKind::kEnded) {
        end_ = report->end;
        has_end_ = true;
      } else if (report.ok()) {
        OnAlive(*report);
      }
    }
    if (over_) {
      return;
    }
    shim_gone_ = true;
    renew_timer_.cancel();
    if (shim_pid_ > 0) {
      ::waitpid(shim_pid_, nullptr, WNOHANG);
    }
    if (has_end_) {
      Finish();
      return;
    }
    end_.signal = SIGKILL;
    WatchProcess();
  }

  // The shim was killed. A shadow goes with it; an instance lives on and is watched and stopped from here.
  void WatchProcess() {
    UniqueFd process = OpenVerified(record_.process);
    if (!process.valid() || record_.role == model::Role::kShadow) {
      KillRest();
      Finish();
      return;
    }
    process_.assign(process.Release());
    process_.async_wait(Descriptor::wait_read, Guarded(&Session::OnProcessGone));
    if (stopping_) {
      SignalProcess(SIGTERM);
    }
  }

  void OnProcessGone() {
    end_ = {};  // how it ended is known to nobody
    KillRest();
    Finish();
  }

  // Only while the identity holds, so never to a stranger.
  void SignalProcess(int number) {
    if (!IsAlive(record_.process)) {
      return;
    }
    ::kill(-static_cast<pid_t>(record_.process.pid), number);
  }

  void KillRest() {
    SignalProcess(SIGKILL);
    cgroups_.End(record_.cgroup);
    RemoveReplicaFiles(directory_, record_.id);
  }

  // The shim did not manage within its time.
  void Force() {
    if (over_) {
      return;
    }
    if (shim_.is_open()) {
      ::syscall(SYS_pidfd_send_signal, shim_.native_handle(), SIGKILL, nullptr, 0);
    }
    KillRest();
    stop_timer_.expires_after(std::chrono::milliseconds(200));
    stop_timer_.async_wait(Guarded(&Session::Finish));
  }

  bool Send(const provider::ShimRequest& request) {
    const std::string packet = provider::EncodeRequest(request);
    return link_.is_open() && ::send(link_.native_handle(), packet.data(), packet.size(), MSG_NOSIGNAL) > 0;
  }

  void Renew() {
    if (record_.lease.count() <= 0) {
      return;
    }
    renew_timer_.expires_after(record_.lease / 3);
    renew_timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error && !self->over_ && self->Send({provider::RequestKind::kRenew, {}})) {
        self->Renew();
      }
    });
  }

  void Finish() {
    if (over_) {
      return;
    }
    over_ = true;
    CloseAll();
    if (shim_pid_ > 0) {
      ::waitpid(shim_pid_, nullptr, WNOHANG);
    }
    const Listener listener = std::exchange(listener_, {});
    if (listener.ended) {
      listener.ended(end_);
    }
  }

  void CloseAll() {
    for (Descriptor* descriptor : {&link_, &shim_, &process_}) {
      error_code ignored;
      descriptor->close(ignored);
    }
    renew_timer_.cancel();
    stop_timer_.cancel();
  }

  asio::io_context& context_;
  const CgroupTree& cgroups_;
  const std::string directory_;
  provider::ReplicaRecord record_;
  Listener listener_;
  Descriptor link_;
  Descriptor shim_;     // pidfd
  Descriptor process_;  // pidfd, once the shim is gone
  asio::steady_timer renew_timer_;
  asio::steady_timer stop_timer_;
  pid_t shim_pid_;
  provider::ReplicaEnd end_;
  bool has_end_ = false;
  bool shim_gone_ = false;
  bool stopping_ = false;
  bool over_ = false;
};

ReplicaWatch::ReplicaWatch(asio::io_context& context, const CgroupTree& cgroups, std::string directory,
                           provider::ReplicaRecord record, Handles handles, Listener listener)
    : session_(std::make_shared<Session>(context, cgroups, std::move(directory), std::move(record),
                                         std::move(handles), std::move(listener))) {
  session_->Begin();
}

ReplicaWatch::~ReplicaWatch() {
  session_->Abandon();
}

void ReplicaWatch::Stop(Micros grace) {
  session_->Stop(grace);
}

void ReplicaWatch::MarkReady() {
  session_->MarkReady();
}

const provider::ReplicaRecord& ReplicaWatch::record() const {
  return session_->record();
}

}  // namespace shadowd::io
