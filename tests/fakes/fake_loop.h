// A small control loop with real behaviour for tests of the RPC edge: one thread, events in order, a real
// catalogue. It knows services, decisions, trials, shadows, models and the freeze well enough to answer every
// method; it starts nothing. FakeLoop can be held, so that a test sees what happens while the loop does not
// answer.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "daemon/rpc/catalogue.h"
#include "daemon/rpc/dispatcher.h"

namespace shadowd::fakes {

class FakeLoop final : public daemon::Dispatcher {
 public:
  explicit FakeLoop(daemon::Catalogue::Options options = {});
  ~FakeLoop() override;

  void Post(ports::Event event, std::function<void(StatusOr<ports::ReplyValue>)> done) override;
  void Read(std::function<void(daemon::Catalogue&)> read) override;
  bool Draining() const override { return draining_; }

  // Puts a resource into the read model, as a step of the core would; returns when it is there.
  void Put(const model::ServiceId& service, ports::Change change);
  // Runs on the loop and waits for it.
  void Sync(const std::function<void(daemon::Catalogue&)>& call);
  void SetDraining() { draining_ = true; }
  void Hold();  // the loop stops taking work
  void Release();
  void RefuseEvents(bool refuse) { refuse_ = refuse; }  // RESOURCE_EXHAUSTED

  // What came in, oldest first.
  std::vector<ports::Event> Events();

 private:
  void Run();
  void Enqueue(std::function<void()> work);
  void Apply(const model::ServiceId& service, ports::Change change);
  StatusOr<ports::ReplyValue> Step(const ports::Event& event);
  StatusOr<ports::ReplyValue> ApplyService(const model::ServiceId& id, const ports::ApplyService& command);
  StatusOr<ports::ReplyValue> Propose(const model::ServiceId& id, const ports::ProposeScaling& command);
  StatusOr<ports::ReplyValue> Judge(const model::DecisionId& id, model::DecisionState state);

  std::atomic<bool> draining_{false};
  std::atomic<bool> refuse_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> work_;
  bool held_ = false;
  bool stop_ = false;

  // Loop thread only.
  daemon::Catalogue catalogue_;
  std::map<model::ServiceId, model::Service> services_;
  std::map<model::DecisionId, model::Decision> decisions_;
  std::map<model::TrialId, model::Trial> trials_;
  std::map<model::ReplicaId, model::Shadow> shadows_;
  std::map<model::ServiceId, int> models_;
  std::vector<ports::Event> events_;
  int next_id_ = 1;

  std::thread thread_;  // last: starts when the rest is there
};

}  // namespace shadowd::fakes
