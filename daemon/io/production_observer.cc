#include "daemon/io/production_observer.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "daemon/io/haproxy_client.h"
#include "daemon/io/syslog_receiver.h"
#include "daemon/io/unique_fd.h"
#include "kpi/backend_counters.h"
#include "kpi/haproxy_log.h"
#include "kpi/window_meter.h"
#include "scale/haproxy_stat.h"

namespace shadowd::io {
namespace {

constexpr Micros kWindow = std::chrono::seconds(1);
// Log lines are taken in batches: the socket's buffer holds far more than comes in this time.
constexpr auto kBatchPause = std::chrono::milliseconds(20);
constexpr HaproxyClientLimits kStatLimits{.deadline = std::chrono::milliseconds(500),
                                          .reply_bytes_max = 8 << 20};

MonoTime MonoNow() {
  return MonoTime(std::chrono::duration_cast<Micros>(std::chrono::steady_clock::now().time_since_epoch()));
}

std::vector<kpi::ReplicaUsage> ToKpi(const std::vector<Usage>& usage) {
  std::vector<kpi::ReplicaUsage> converted;
  converted.reserve(usage.size());
  for (const Usage& one : usage) {
    converted.push_back({.id = one.id,
                         .cpu_seconds = one.cpu_seconds,
                         .memory_bytes = one.memory_bytes,
                         .run_delay_seconds = one.run_delay_seconds,
                         .throttled_periods = one.throttled_periods});
  }
  return converted;
}

StatusOr<kpi::BackendCounters> ToCounters(const scale::HaproxyStat& stat, const std::string& backend) {
  const auto counters = [](const scale::HaproxyRow& row) {
    return kpi::RequestCounters{
        .requests = row.arrivals(), .responses = row.responses_total, .failures = row.responses_5xx};
  };
  const scale::HaproxyRow* total = stat.Backend(backend);
  if (total == nullptr) {
    return WithReason(NotFound("HAProxy has no backend \"{}\"", backend), "BACKEND_UNKNOWN");
  }
  kpi::BackendCounters converted;
  converted.total = counters(*total);
  for (const scale::HaproxyRow& row : stat.rows) {
    if (row.proxy == backend && row.kind == scale::HaproxyRowKind::kServer) {
      converted.servers.push_back({.name = row.server, .up = row.up(), .counters = counters(row)});
    }
  }
  return converted;
}

ports::ProductionWindow ToWindow(kpi::MeteredWindow metered, bool has_log) {
  ports::ProductionWindow window;
  window.service = std::move(metered.service);
  for (auto& [id, replica] : metered.replicas) {
    window.instances.push_back({.replica = std::move(id), .window = std::move(replica)});
  }
  window.serving = metered.serving;
  window.server_names = std::move(metered.server_names);
  window.complete = has_log && metered.complete;
  return window;
}

// One observed service. Made by Observe; from then on the thread's alone, save log_address, which the lock
// guards.
struct Watch {
  model::ServiceId service;
  model::HaproxySpec haproxy;
  std::shared_ptr<SyslogReceiver> log;
  std::string log_address;
  kpi::WindowMeter meter;
  MonoTime due;

  Watch(const model::ServiceSpec& spec, MonoTime first)
      : service(spec.id), haproxy(spec.haproxy), meter(spec.haproxy.backend), due(first) {}

  Status BindLog() {
    if (haproxy.syslog_listen.empty() || log != nullptr) {
      return absl::OkStatus();
    }
    SHADOWD_ASSIGN_OR_RETURN(log, SyslogReceiver::Create(haproxy.syslog_listen));
    return absl::OkStatus();
  }

  void DrainLog() {
    if (log == nullptr) {
      return;
    }
    log->Drain([this](std::string_view line) {
      // What is no line of an HTTP log (a notice, another program) is not a request.
      if (const StatusOr<kpi::HaproxyLogEntry> entry = kpi::ParseHaproxyLog(line); entry.ok()) {
        meter.Add(*entry);
      }
    });
  }

  StatusOr<std::optional<kpi::MeteredWindow>> Measure(const std::vector<Usage>& usage, const Now& now) {
    StatusOr<std::string> reply =
        RunHaproxyCommand(haproxy.socket, fmt::format("show stat {} 6 -1", haproxy.backend), kStatLimits);
    SHADOWD_RETURN_IF_ERROR(reply.status());
    const StatusOr<scale::HaproxyStat> stat = scale::ParseHaproxyStat(*reply);
    if (!stat.ok()) {
      return Annotate(stat.status(), fmt::format("backend \"{}\"", haproxy.backend));
    }
    SHADOWD_ASSIGN_OR_RETURN(const kpi::BackendCounters counters, ToCounters(*stat, haproxy.backend));
    DrainLog();
    return meter.Close(counters, ToKpi(usage), now);
  }
};

}  // namespace

class ProductionObserver::Impl {
 public:
  Impl(Sink sink, UsageReader usage, WallReader wall, ErrorSink on_error, UniqueFd wake)
      : sink_(std::move(sink)),
        usage_(std::move(usage)),
        wall_(std::move(wall)),
        on_error_(std::move(on_error)),
        wake_(std::move(wake)),
        thread_([this] { Run(); }) {}
  ~Impl() { Stop(); }

  void Observe(const model::ServiceSpec& spec) {
    auto watch = std::make_shared<Watch>(spec, MonoNow());
    {
      const std::lock_guard lock(mutex_);
      if (const auto it = watches_.find(spec.id); it != watches_.end()) {
        if (it->second->haproxy == spec.haproxy) {
          return;
        }
        if (it->second->haproxy.syslog_listen == spec.haproxy.syslog_listen) {
          watch->log = it->second->log;  // the port stays bound
        }
      }
      if (watch->BindLog().ok() && watch->log != nullptr) {  // else the thread tries again, and says why
        watch->log_address = watch->log->address();
      }
      watches_[spec.id] = std::move(watch);
    }
    Wake();
  }

  void Forget(const model::ServiceId& service) {
    const std::lock_guard lock(mutex_);
    errors_.erase(service);
    watches_.erase(service);
  }

  Status LastError(const model::ServiceId& service) const {
    const std::lock_guard lock(mutex_);
    const auto it = errors_.find(service);
    return it == errors_.end() ? absl::OkStatus() : it->second;
  }

  std::string LogAddress(const model::ServiceId& service) const {
    const std::lock_guard lock(mutex_);
    const auto it = watches_.find(service);
    return it == watches_.end() ? "" : it->second->log_address;
  }

  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    Wake();
    if (thread_.joinable()) {
      thread_.join();
    }
  }

 private:
  using Round = std::vector<std::shared_ptr<Watch>>;

  void Wake() { ::eventfd_write(wake_.get(), 1); }

  void Run() {
    for (;;) {
      Round round;
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) {
          return;
        }
        for (const auto& [service, watch] : watches_) {
          round.push_back(watch);
        }
      }
      const MonoTime now = MonoNow();
      std::optional<std::vector<Usage>> usage;  // read once a round, and only when somebody needs it
      for (const std::shared_ptr<Watch>& watch : round) {
        watch->DrainLog();
        if (watch->due <= now) {
          if (!usage) {
            usage = usage_();
          }
          CloseWindow(*watch, *usage);
        }
      }
      Rest(round);
    }
  }

  // Sleeps until the next window is due, a log line arrives or something changes; lines that come in quick
  // succession are left to gather for a moment.
  void Rest(const Round& round) {
    std::vector<pollfd> waiting = {{.fd = wake_.get(), .events = POLLIN, .revents = 0}};
    std::optional<MonoTime> due;
    for (const std::shared_ptr<Watch>& watch : round) {
      due = due ? std::min(*due, watch->due) : watch->due;
      if (watch->log != nullptr) {
        waiting.push_back({.fd = watch->log->fd(), .events = POLLIN, .revents = 0});
      }
    }
    const auto until = [&due](Micros at_most) {
      const Micros left = due ? std::clamp(*due - MonoNow(), Micros(0), at_most) : at_most;
      return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
    };
    constexpr Micros kLongest = std::chrono::hours(1);
    if (::poll(waiting.data(), waiting.size(), until(kLongest)) > 0 && waiting[0].revents == 0) {
      ::poll(waiting.data(), 1, until(kBatchPause));
    }
    eventfd_t wakes = 0;
    ::eventfd_read(wake_.get(), &wakes);
  }

  void CloseWindow(Watch& watch, const std::vector<Usage>& usage) {
    Status log_error;
    {
      const std::lock_guard lock(mutex_);
      log_error = watch.BindLog();
      watch.log_address = watch.log == nullptr ? "" : watch.log->address();
    }
    const Now now{.mono = MonoNow(), .wall = wall_()};
    watch.due = std::max(watch.due + kWindow,
                         now.mono + kWindow / 2);  // a late window does not make the next one short
    StatusOr<std::optional<kpi::MeteredWindow>> metered = watch.Measure(usage, now);
    if (!metered.ok()) {
      watch.meter.Reset();
      SetError(watch, metered.status());
      return;
    }
    SetError(watch, log_error);
    if (*metered) {
      ports::Event event;
      event.service = watch.service;
      event.payload = ToWindow(**std::move(metered), watch.log != nullptr);
      sink_(std::move(event));
    }
  }

  // Reported once per change, not once per second.
  void SetError(const Watch& watch, const Status& error) {
    {
      const std::lock_guard lock(mutex_);
      const auto it = watches_.find(watch.service);
      if (it == watches_.end() || it->second.get() != &watch) {
        return;  // forgotten or replaced meanwhile
      }
      Status& known = errors_[watch.service];
      if (known == error) {
        return;
      }
      known = error;
    }
    if (on_error_) {
      on_error_(watch.service, error);
    }
  }

  const Sink sink_;
  const UsageReader usage_;
  const WallReader wall_;
  const ErrorSink on_error_;
  UniqueFd wake_;
  mutable std::mutex mutex_;  // guards the four below
  std::map<model::ServiceId, std::shared_ptr<Watch>> watches_;
  std::map<model::ServiceId, Status> errors_;
  bool stopping_ = false;
  std::thread thread_;
};

StatusOr<std::unique_ptr<ProductionObserver>> ProductionObserver::Create(Sink sink, UsageReader usage,
                                                                         WallReader wall,
                                                                         ErrorSink on_error) {
  UniqueFd wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake.valid()) {
    return ErrnoStatus(errno, "eventfd");
  }
  auto impl = std::make_unique<Impl>(std::move(sink), std::move(usage), std::move(wall), std::move(on_error),
                                     std::move(wake));
  return std::unique_ptr<ProductionObserver>(new ProductionObserver(std::move(impl)));
}

ProductionObserver::ProductionObserver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ProductionObserver::~ProductionObserver() = default;

void ProductionObserver::Observe(const model::ServiceSpec& spec) {
  impl_->Observe(spec);
}
void ProductionObserver::Forget(const model::ServiceId& service) {
  impl_->Forget(service);
}
Status ProductionObserver::LastError(const model::ServiceId& service) const {
  return impl_->LastError(service);
}
std::string ProductionObserver::LogAddress(const model::ServiceId& service) const {
  return impl_->LogAddress(service);
}
void ProductionObserver::Stop() {
  impl_->Stop();
}

}  // namespace shadowd::io
