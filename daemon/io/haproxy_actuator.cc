#include "daemon/io/haproxy_actuator.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "daemon/io/haproxy_client.h"
#include "scale/haproxy_plan.h"

namespace shadowd::io {
namespace {

constexpr size_t kMaxJobs = 4096;

MonoTime MonoNow() {
  return MonoTime(std::chrono::duration_cast<Micros>(std::chrono::steady_clock::now().time_since_epoch()));
}
std::chrono::steady_clock::time_point SteadyTime(MonoTime at) {
  return std::chrono::steady_clock::time_point(at.time_since_epoch());
}

struct Job {
  model::ServiceId service;
  ports::ServerChanged outcome;  // result to be filled in
  std::string socket;
  std::string server;  // key of the order: socket, backend, name
  scale::HaproxyPlan plan;
};

// The effects on one server, in order; the first one runs.
struct Lane {
  std::deque<Job> jobs;
  bool started = false;
  MonoTime due{};
};

}  // namespace

class HaproxyActuator::Impl {
 public:
  explicit Impl(Sink sink) : sink_(std::move(sink)), thread_([this] { Run(); }) {}
  ~Impl() { Stop(); }

  template <typename Effect>
  void Do(const model::ServiceId& service, const Effect& effect, model::IntentKind kind,
          scale::HaproxyPlan plan) {
    std::string server =
        fmt::format("{} {}/{}", effect.haproxy.socket, effect.haproxy.backend, effect.replica);
    Job job{
        .service = service,
        .outcome = {.key = effect.key, .kind = kind, .replica = effect.replica, .result = absl::OkStatus()},
        .socket = effect.haproxy.socket,
        .server = std::move(server),
        .plan = std::move(plan)};
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      return;
    }
    if (queued_ == kMaxJobs) {
      job.outcome.result = ResourceExhausted("HAProxy: {} effects are waiting already", kMaxJobs);
      if (refused_.size() < kMaxJobs) {  // beyond that the intent stays pending, and is looked at again
        refused_.push_back(std::move(job));
      }
    } else {
      ++queued_;
      lanes_[job.server].jobs.push_back(std::move(job));
    }
    changed_.notify_one();
  }

  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) {
      thread_.join();
    }
  }

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      std::vector<Job> refused = std::move(refused_);
      refused_.clear();
      Lane* lane = NextLane();
      if (refused.empty() && lane == nullptr) {
        changed_.wait(lock);
      } else if (refused.empty() && lane->due > MonoNow()) {
        changed_.wait_until(lock, SteadyTime(lane->due));
      } else if (!refused.empty()) {
        lock.unlock();
        for (Job& job : refused) {
          Report(std::move(job));
        }
        lock.lock();
      } else {
        RunOne(*lane, lock);
      }
    }
  }

  // Lanes live in a map, whose nodes stay where they are while others come; only this thread removes any.
  Lane* NextLane() {
    Lane* next = nullptr;
    for (auto& [server, lane] : lanes_) {
      if (next == nullptr || lane.due < next->due) {
        next = &lane;
      }
    }
    return next;
  }

  void RunOne(Lane& lane, std::unique_lock<std::mutex>& lock) {
    Job& job = lane.jobs.front();  // a deque keeps its elements in place while others are pushed
    const bool started = std::exchange(lane.started, true);
    lock.unlock();
    scale::PlanStep step = started ? job.plan.Resume(MonoNow()) : job.plan.Start(MonoNow());
    while (!step.done() && !step.command.empty()) {
      step = Exchange(job, step.command);
    }
    if (!step.done()) {
      lock.lock();
      lane.due = MonoNow() + step.wait;
      return;
    }
    job.outcome.result = *step.result;
    Job finished = std::move(job);
    lock.lock();
    lane.jobs.pop_front();
    --queued_;
    lane.started = false;
    lane.due = MonoTime{};
    if (lane.jobs.empty()) {
      lanes_.erase(finished.server);
    }
    lock.unlock();
    Report(std::move(finished));
    lock.lock();
  }

  static scale::PlanStep Exchange(Job& job, const std::string& command) {
    const StatusOr<std::string> reply = RunHaproxyCommand(job.socket, command);
    return reply.ok() ? job.plan.OnReply(*reply, MonoNow())
                      : job.plan.OnUnreachable(reply.status(), MonoNow());
  }

  void Report(Job job) {
    ports::Event event;
    event.service = std::move(job.service);
    event.payload = std::move(job.outcome);
    sink_(std::move(event));
  }

  Sink sink_;
  std::mutex mutex_;  // guards everything below but the plans of running jobs, which the thread alone touches
  std::condition_variable changed_;
  std::map<std::string, Lane> lanes_;
  std::vector<Job> refused_;
  size_t queued_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

HaproxyActuator::HaproxyActuator(Sink sink) : impl_(std::make_unique<Impl>(std::move(sink))) {}
HaproxyActuator::~HaproxyActuator() = default;

void HaproxyActuator::Do(const model::ServiceId& service, const ports::AddServer& effect) {
  impl_->Do(service, effect, model::IntentKind::kAddServer,
            scale::HaproxyPlan::Add(effect.haproxy, effect.replica, effect.address));
}
void HaproxyActuator::Do(const model::ServiceId& service, const ports::DrainServer& effect) {
  impl_->Do(service, effect, model::IntentKind::kDrainServer,
            scale::HaproxyPlan::Drain(effect.haproxy, effect.replica, effect.deadline));
}
void HaproxyActuator::Do(const model::ServiceId& service, const ports::RemoveServer& effect) {
  impl_->Do(service, effect, model::IntentKind::kRemoveServer,
            scale::HaproxyPlan::Remove(effect.haproxy, effect.replica));
}
void HaproxyActuator::Stop() {
  impl_->Stop();
}

}  // namespace shadowd::io
