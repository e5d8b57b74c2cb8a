#include "fakes/fake_loop.h"

#include <future>
#include <utility>

namespace shadowd::fakes {
namespace {

constexpr WallTime kStart = WallFromMicros(1'700'000'000'000'000);

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

template <typename Map, typename Key>
auto Lookup(Map& map, const Key& key, const char* what) -> StatusOr<typename Map::mapped_type> {
  const auto found = map.find(key);
  if (found == map.end()) {
    return NotFound("there is no {} {}", what, key);
  }
  return found->second;
}

}  // namespace

FakeLoop::FakeLoop(daemon::Catalogue::Options options) : catalogue_(options), thread_([this] { Run(); }) {}

FakeLoop::~FakeLoop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    held_ = false;
  }
  wake_.notify_all();
  thread_.join();
}

void FakeLoop::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return (!work_.empty() && !held_) || stop_; });
    if (work_.empty()) {
      return;
    }
    const std::function<void()> work = std::move(work_.front());
    work_.pop_front();
    lock.unlock();
    work();
    lock.lock();
  }
}

void FakeLoop::Enqueue(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    work_.push_back(std::move(work));
  }
  wake_.notify_all();
}

void FakeLoop::Post(ports::Event event, std::function<void(StatusOr<ports::ReplyValue>)> done) {
  if (refuse_) {
    return done(ResourceExhausted("the queue is full"));
  }
  Enqueue([this, event = std::move(event), done = std::move(done)] {
    events_.push_back(event);
    done(Step(event));
  });
}

void FakeLoop::Read(std::function<void(daemon::Catalogue&)> read) {
  Enqueue([this, read = std::move(read)] { read(catalogue_); });
}

void FakeLoop::Sync(const std::function<void(daemon::Catalogue&)>& call) {
  std::promise<void> done;
  Read([&](daemon::Catalogue& catalogue) {
    call(catalogue);
    done.set_value();
  });
  done.get_future().wait();
}

void FakeLoop::Put(const model::ServiceId& service, ports::Change change) {
  Sync([&](daemon::Catalogue&) { Apply(service, change); });
}

std::vector<ports::Event> FakeLoop::Events() {
  std::vector<ports::Event> events;
  Sync([&](daemon::Catalogue&) { events = events_; });
  return events;
}

void FakeLoop::Hold() {
  const std::lock_guard lock(mutex_);
  held_ = true;
}

void FakeLoop::Release() {
  {
    const std::lock_guard lock(mutex_);
    held_ = false;
  }
  wake_.notify_all();
}

void FakeLoop::Apply(const model::ServiceId& service, ports::Change change) {
  std::visit(Overloaded{[&](const model::Service& v) { services_[v.spec.id] = v; },
                        [&](const model::Decision& v) { decisions_[v.id] = v; },
                        [&](const model::Trial& v) { trials_[v.id] = v; },
                        [&](const model::Shadow& v) { shadows_[v.id] = v; }, [](const auto&) {}},
             change);
  catalogue_.Apply(catalogue_.NextRevision(kStart), {service, std::move(change)});
}

StatusOr<ports::ReplyValue> FakeLoop::ApplyService(const model::ServiceId& id,
                                                   const ports::ApplyService& command) {
  model::Service service = services_[id];
  if (!command.etag.empty() && command.etag != service.etag) {
    return Aborted("the etag is old");
  }
  service.spec = command.spec;
  service.etag = fmt::format("e{}", next_id_++);
  service.create_time = kStart;
  service.update_time = kStart;
  service.target = command.spec.bounds.min;
  Apply(id, service);
  return ports::ReplyValue(service);
}

StatusOr<ports::ReplyValue> FakeLoop::Propose(const model::ServiceId& id,
                                              const ports::ProposeScaling& command) {
  model::Decision decision;
  decision.id = model::DecisionId(fmt::format("{}-d{}", id, next_id_++));
  decision.service = id;
  decision.create_time = kStart;
  decision.planned = decision.to = command.planned;
  decision.trigger.kind = model::TriggerKind::kProposal;
  decision.trigger.planned = command.planned;
  decision.trigger.request_id = command.request_id;
  Apply(id, decision);
  return ports::ReplyValue(decision);
}

StatusOr<ports::ReplyValue> FakeLoop::Judge(const model::DecisionId& id, model::DecisionState state) {
  SHADOWD_ASSIGN_OR_RETURN(model::Decision decision, Lookup(decisions_, id, "decision"));
  if (decision.state != model::DecisionState::kAdvised) {
    return FailedPrecondition("decision {} is not ADVISED", id);
  }
  decision.state = state;
  Apply(decision.service, decision);
  return ports::ReplyValue(decision);
}

StatusOr<ports::ReplyValue> FakeLoop::Step(const ports::Event& event) {
  const model::ServiceId& id = event.service;
  if (const auto* command = std::get_if<ports::ApplyService>(&event.payload)) {
    return ApplyService(id, *command);
  }
  if (const auto* command = std::get_if<ports::Freeze>(&event.payload)) {
    Apply(id, ports::FrozenSet{command->frozen, command->reason});
    return ports::ReplyValue();
  }
  SHADOWD_ASSIGN_OR_RETURN(model::Service service, Lookup(services_, id, "service"));
  return std::visit(
      Overloaded{[&](const ports::DeleteService&) -> StatusOr<ports::ReplyValue> {
                   services_.erase(id);
                   Apply(id, ports::ServiceRemoved{id});
                   service.deleting = true;
                   return ports::ReplyValue(service);
                 },
                 [&](const ports::ProposeScaling& command) { return Propose(id, command); },
                 [&](const ports::Retrain&) -> StatusOr<ports::ReplyValue> {
                   model::ModelVersion version;
                   version.service = id;
                   version.number = ++models_[id];
                   version.cause = model::RetrainCause::kRequested;
                   Apply(id, version);
                   return ports::ReplyValue(version);
                 },
                 [&](const ports::RevertModel& command) -> StatusOr<ports::ReplyValue> {
                   model::ModelVersion version = command.version;
                   version.number = ++models_[id];
                   version.cause = model::RetrainCause::kReverted;
                   Apply(id, version);
                   return ports::ReplyValue(version);
                 },
                 [&](const ports::RunNullTrial& command) -> StatusOr<ports::ReplyValue> {
                   model::Decision decision;
                   decision.id = model::DecisionId(fmt::format("{}-d{}", id, next_id_++));
                   decision.service = id;
                   decision.create_time = kStart;
                   decision.trigger.kind = model::TriggerKind::kCalibration;
                   decision.trigger.request_id = command.request_id;
                   Apply(id, decision);
                   return ports::ReplyValue(decision);
                 },
                 [&](const ports::CancelTrial& command) -> StatusOr<ports::ReplyValue> {
                   SHADOWD_ASSIGN_OR_RETURN(model::Trial trial, Lookup(trials_, command.trial, "trial"));
                   trial.state = model::TrialState::kCancelled;
                   Apply(id, trial);
                   return ports::ReplyValue(trial);
                 },
                 [&](const ports::TerminateShadow& command) -> StatusOr<ports::ReplyValue> {
                   SHADOWD_ASSIGN_OR_RETURN(model::Shadow shadow, Lookup(shadows_, command.shadow, "shadow"));
                   shadow.state = model::ReplicaState::kStopped;
                   Apply(id, shadow);
                   return ports::ReplyValue(shadow);
                 },
                 [&](const ports::ApproveDecision& command) {
                   return Judge(command.decision, model::DecisionState::kApproved);
                 },
                 [&](const ports::RejectDecision& command) {
                   return Judge(command.decision, model::DecisionState::kDeclined);
                 },
                 [](const auto&) -> StatusOr<ports::ReplyValue> { return ports::ReplyValue(); }},
      event.payload);
}

}  // namespace shadowd::fakes
