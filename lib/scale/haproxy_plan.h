// One effect on a HAProxy backend as a pure machine: it says which runtime command to send or how long to
// wait, is told the answer, and ends with a status. Owned and driven by one thread; whoever drives it does
// the sockets. Every effect is safe to repeat: what is already so is success. Every wait has a deadline.
// Names and addresses are checked before they are put into a command, so nothing can be smuggled into one.
// Written for HAProxy 2.6 (management guide, "Unix Socket commands"), where dynamic servers ignore
// default-server, start in maintenance without checks, and can be deleted only in maintenance and without
// connections.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/service.h"

namespace shadowd::scale {

struct PlanLimits {
  Micros poll = std::chrono::milliseconds(100);  // between looks at a server that is to become something
  Micros up = std::chrono::seconds(30);          // until an added server must be UP
  Micros removal = std::chrono::seconds(30);     // until a server's last connection must be gone
  Micros unreachable = std::chrono::seconds(5);  // how long a silent socket (a reload) is tried again
};

// What to do next: send `command` and report the answer; else, when not done, wait and call Resume.
struct PlanStep {
  std::string command;
  Micros wait{0};
  std::optional<Status> result;  // set = done

  bool done() const { return result.has_value(); }
};

class HaproxyPlan {
 public:
  // The server is in the backend with this address, ready, and UP. Reasons: BACKEND_UNKNOWN,
  // BALANCE_NOT_DYNAMIC, SOCKET_NOT_ADMIN, NAME_INVALID, ADDRESS_INVALID, SERVER_NOT_UP, SERVER_BUSY,
  // SERVER_STATIC, SOCKET_UNREACHABLE, UNEXPECTED_REPLY.
  static HaproxyPlan Add(const model::HaproxySpec& haproxy, const model::ReplicaId& replica,
                         std::string address, PlanLimits limits = {});
  // The server takes no new requests and has none left, or `deadline` has passed since the start.
  static HaproxyPlan Drain(const model::HaproxySpec& haproxy, const model::ReplicaId& replica,
                           Micros deadline, PlanLimits limits = {});
  // The server is gone from the backend; sessions still on it are cut.
  static HaproxyPlan Remove(const model::HaproxySpec& haproxy, const model::ReplicaId& replica,
                            PlanLimits limits = {});

  PlanStep Start(MonoTime now);
  PlanStep OnReply(std::string_view reply, MonoTime now);
  // The command could not be delivered or the answer did not come.
  PlanStep OnUnreachable(const Status& error, MonoTime now);
  PlanStep Resume(MonoTime now);  // after a wait

 private:
  enum class Goal { kAdd, kDrain, kRemove };
  enum class State {
    kInspect,
    kAdd,
    kHealth,
    kReady,
    kAwaitUp,
    kDrain,
    kAwaitIdle,
    kMaintain,
    kCut,
    kDelete
  };

  HaproxyPlan(Goal goal, const model::HaproxySpec& haproxy, const model::ReplicaId& replica,
              PlanLimits limits);

  PlanStep Send(State state);
  std::string Command() const;
  PlanStep Wait() const { return {.command = "", .wait = limits_.poll, .result = std::nullopt}; }
  static PlanStep Done(Status status) {
    return {.command = "", .wait = Micros(0), .result = std::move(status)};
  }
  PlanStep Interpret(std::string_view reply, MonoTime now);
  PlanStep OnInspected(std::string_view reply);
  PlanStep OnAwaitUp(std::string_view reply, MonoTime now);
  PlanStep OnAwaitIdle(std::string_view reply, MonoTime now);
  PlanStep OnSettled(std::string_view reply, State next, MonoTime now);
  PlanStep Restart(std::string_view reply, MonoTime now);
  PlanStep OnDeleted(std::string_view reply, MonoTime now);
  Status ReplyError(std::string_view reply) const;
  Status ServerError(absl::StatusCode code, std::string_view reason, const std::string& what) const;

  Goal goal_;
  State state_ = State::kInspect;
  std::string backend_;
  std::string server_;
  std::string address_;
  bool check_ = true;
  uint64_t weight_ = 0;
  uint64_t id_ = 0;
  PlanLimits limits_;
  Micros drain_{0};
  MonoTime deadline_{};  // of the state that waits
  std::optional<MonoTime> unreachable_since_;
};

}  // namespace shadowd::scale
