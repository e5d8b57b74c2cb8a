#include "daemon/io/http_sender.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/io/monotonic_clock.h"
#include "daemon/io/thread_start.h"

namespace shadowd::io {
namespace {

constexpr Micros kSweepEvery = std::chrono::milliseconds(100);
constexpr Micros kWindow = std::chrono::seconds(1);
constexpr Micros kWindowMin = std::chrono::milliseconds(200);  // a shorter one waits for the next close
constexpr Micros kIdleWait = std::chrono::seconds(3600);  // nothing is fed: only a command wakes the thread
constexpr size_t kBufferBytes = 64 * 1024;
constexpr int kEventsPerWait = 256;

uint64_t SeedOf(uint64_t seed, const std::string& name) {
  uint64_t mixed = seed ^ 0xcbf29ce484222325ULL;
  for (const char c : name) {
    mixed = (mixed ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  return mixed;
}

bool SamePlace(const ShadowTarget::Place& left, const ShadowTarget::Place& right) {
  return left.shadow == right.shadow && left.address == right.address;
}

}  // namespace

StatusOr<std::unique_ptr<HttpSender>> HttpSender::Create(WindowSink sink, std::function<Now()> clock) {
  UniqueFd epoll_fd(epoll_create1(EPOLL_CLOEXEC));
  UniqueFd wake_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll_fd.valid() || !wake_fd.valid()) {
    return ErrnoStatus(errno, "making the sender's epoll set");
  }
  epoll_event event{};
  event.events = EPOLLIN;
  if (epoll_ctl(epoll_fd.get(), EPOLL_CTL_ADD, wake_fd.get(), &event) != 0) {
    return ErrnoStatus(errno, "watching the sender's wake-up");
  }
  std::unique_ptr<HttpSender> sender(
      new HttpSender(std::move(epoll_fd), std::move(wake_fd), std::move(sink), std::move(clock)));
  sender->thread_ = StartThread("shadowd-send", [raw = sender.get()] { raw->Run(); });
  return sender;
}

HttpSender::HttpSender(UniqueFd epoll_fd, UniqueFd wake_fd, WindowSink sink, std::function<Now()> clock)
    : epoll_fd_(std::move(epoll_fd)),
      wake_fd_(std::move(wake_fd)),
      sink_(std::move(sink)),
      clock_(std::move(clock)),
      buffer_(kBufferBytes) {}

HttpSender::~HttpSender() {
  Stop();
}

void HttpSender::Stop() {
  stop_.store(true, std::memory_order_release);
  Wake();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void HttpSender::Wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written =
      write(wake_fd_.get(), &one, sizeof(one));  // full means: awake already
}

void HttpSender::Feed(std::shared_ptr<ServiceTraffic> traffic, FeedPlan plan) {
  Post({std::move(traffic), std::move(plan)});
}

void HttpSender::Remove(std::shared_ptr<ServiceTraffic> traffic) {
  Post({std::move(traffic), {}});
}

// What is posted for one service replaces what is still waiting for it, so the list stays short.
void HttpSender::Post(Command command) {
  {
    const absl::MutexLock lock(&mutex_);
    std::erase_if(commands_, [&command](const Command& old) { return old.traffic == command.traffic; });
    commands_.push_back(std::move(command));
    has_commands_.store(true, std::memory_order_release);
  }
  Wake();
}

void HttpSender::Run() {
  prctl(PR_SET_TIMERSLACK, 1);
  next_sweep_ = next_close_ = ReadMonoTime();
  while (!stop_.load(std::memory_order_acquire)) {
    TakeCommands();
    for (auto& [id, service] : services_) {
      TakeCopies(*service);
    }
    const MonoTime now = ReadMonoTime();
    if (now >= next_sweep_) {
      Sweep(now);
    }
    if (now >= next_close_) {
      CloseWindows(now);
    }
    MonoTime wake = SendDue(now);
    wake = services_.empty() ? now + kIdleWait : std::min({wake, next_sweep_, next_close_});
    WaitAndHandle(wake);
  }
  services_.clear();
}

void HttpSender::TakeCommands() {
  if (!has_commands_.load(std::memory_order_acquire)) {
    return;
  }
  std::vector<Command> commands;
  {
    const absl::MutexLock lock(&mutex_);
    commands.swap(commands_);
    has_commands_.store(false, std::memory_order_release);
  }
  const MonoTime now = ReadMonoTime();
  for (Command& command : commands) {
    Apply(std::move(command), now);
  }
}

void HttpSender::Apply(Command command, MonoTime now) {
  const model::ServiceId id = command.traffic->id;
  if (command.plan.shadows.empty()) {
    services_.erase(id);
    return;
  }
  if (services_.empty()) {
    next_sweep_ = now + kSweepEvery;
    next_close_ = now + kWindow;
  }
  std::unique_ptr<Service>& service = services_[id];
  if (service == nullptr) {
    service = std::make_unique<Service>(command.traffic, command.plan.fallback, command.plan.schedule.seed);
  } else {
    service->mix.SetFallback(command.plan.fallback);
  }
  ApplyShadows(*service, command.plan, now);
}

// Shadows that stay keep their connections, their window and, unless the kind of arrivals changed, their
// schedule.
void HttpSender::ApplyShadows(Service& service, FeedPlan& plan, MonoTime now) {
  const load::Schedule::Options before = std::exchange(service.options, plan.schedule);
  const bool same_kind =
      before.balancing == plan.schedule.balancing && before.synthetic == plan.schedule.synthetic;
  std::vector<std::unique_ptr<ShadowTarget>> targets;
  bool added = false;
  for (FeedPlan::Shadow& shadow : plan.shadows) {
    load::Schedule::Options options = plan.schedule;
    options.seed = SeedOf(options.seed, shadow.place.shadow.str());
    options.instances = shadow.instances;
    const auto found =
        std::find_if(service.targets.begin(), service.targets.end(), [&shadow](const auto& target) {
          return target != nullptr && SamePlace(target->place(), shadow.place);
        });
    if (found != service.targets.end()) {
      targets.push_back(std::move(*found));
      if (!same_kind || targets.back()->instances != shadow.instances) {
        targets.back()->Reschedule(load::Schedule(options, now));
      }
    } else {
      added = true;
      targets.push_back(std::make_unique<ShadowTarget>(*service.traffic, std::move(shadow.place),
                                                       load::Schedule(options, now), epoll_fd_.get()));
      targets.back()->window_start = now;
      targets.back()->window_wall = clock_().wall;
    }
    targets.back()->instances = shadow.instances;
    targets.back()->schedule().SetTarget(shadow.rate_rps, now);
  }
  service.targets = std::move(targets);
  if (added) {
    sink_({});
  }
}

void HttpSender::TakeCopies(Service& service) {
  service.traffic->Take(taken_);
  for (MirroredCopy& copy : taken_) {
    service.copies.push_back(std::move(copy));
  }
  taken_.clear();
}

MonoTime HttpSender::SendDue(MonoTime now) {
  MonoTime wake = now + kIdleWait;
  for (auto& [id, service] : services_) {
    if (!service->traffic->active.load(std::memory_order_acquire)) {
      continue;
    }
    SendCopies(*service, now, wake);
    for (const auto& target : service->targets) {
      target->Bury();
      if (const std::optional<MonoTime> next = target->SendDue(service->mix, ReadMonoTime())) {
        wake = std::min(wake, *next);
      }
    }
  }
  return wake;
}

void HttpSender::SendCopies(Service& service, MonoTime now, MonoTime& wake) {
  while (!service.copies.empty() && service.copies.front().planned <= now) {
    MirroredCopy& copy = service.copies.front();
    for (const auto& target : service.targets) {
      target->OfferCopy(copy.request, copy.planned, ReadMonoTime());
    }
    service.mix.Add(copy.route, std::move(copy.request));
    service.copies.pop_front();
  }
  if (!service.copies.empty()) {
    wake = std::min(wake, service.copies.front().planned);
  }
}

void HttpSender::Sweep(MonoTime now) {
  next_sweep_ = now + kSweepEvery;
  for (auto& [id, service] : services_) {
    for (const auto& target : service->targets) {
      target->Sweep(now);
    }
  }
}

void HttpSender::CloseWindows(MonoTime now) {
  next_close_ = std::max(next_close_ + kWindow, now + kWindow / 2);
  const WallTime wall = clock_().wall;
  std::vector<ClosedWindow> closed;
  for (auto& [id, service] : services_) {
    for (const auto& target : service->targets) {
      const Micros length = now - target->window_start;
      if (length >= kWindowMin) {
        closed.push_back({id, target->place().shadow, target->CloseWindow(target->window_wall, length)});
        target->window_start = now;
        target->window_wall = wall;
      }
    }
  }
  if (!closed.empty()) {
    sink_(std::move(closed));
  }
}

void HttpSender::WaitAndHandle(MonoTime wake) {
  const Micros left = std::max(Micros(0), wake - ReadMonoTime());
  timespec timeout{};
  timeout.tv_sec = left.count() / 1'000'000;
  timeout.tv_nsec = left.count() % 1'000'000 * 1000;
  std::array<epoll_event, kEventsPerWait> events;
  const int count = epoll_pwait2(epoll_fd_.get(), events.data(), kEventsPerWait, &timeout, nullptr);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.ptr == nullptr) {
      uint64_t ignored = 0;
      [[maybe_unused]] const ssize_t size = read(wake_fd_.get(), &ignored, sizeof(ignored));
      continue;
    }
    auto& connection = *static_cast<HttpConnection*>(event.data.ptr);
    connection.owner().OnEvent(connection, event.events, buffer_);
  }
}

}  // namespace shadowd::io
