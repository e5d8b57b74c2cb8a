#include "scale/haproxy_plan.h"

#include <algorithm>
#include <utility>

#include "scale/haproxy_names.h"
#include "scale/haproxy_stat.h"

namespace shadowd::scale {
namespace {

// A hash ring of few points splits traffic unevenly (balance random uses one): the largest weight makes 4096
// points.
constexpr uint64_t kLoneWeight = 256;

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \n");
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(" \n") - begin + 1);
}

bool NoSuchServer(std::string_view reply) {
  return reply.starts_with("No such server");
}

}  // namespace

HaproxyPlan::HaproxyPlan(Goal goal, const model::HaproxySpec& haproxy, const model::ReplicaId& replica,
                         PlanLimits limits)
    : goal_(goal),
      backend_(haproxy.backend),
      server_(replica.str()),
      check_(haproxy.check),
      limits_(limits) {}

HaproxyPlan HaproxyPlan::Add(const model::HaproxySpec& haproxy, const model::ReplicaId& replica,
                             std::string address, PlanLimits limits) {
  HaproxyPlan plan(Goal::kAdd, haproxy, replica, limits);
  plan.address_ = std::move(address);
  return plan;
}

HaproxyPlan HaproxyPlan::Drain(const model::HaproxySpec& haproxy, const model::ReplicaId& replica,
                               Micros deadline, PlanLimits limits) {
  HaproxyPlan plan(Goal::kDrain, haproxy, replica, limits);
  plan.drain_ = deadline;
  return plan;
}

HaproxyPlan HaproxyPlan::Remove(const model::HaproxySpec& haproxy, const model::ReplicaId& replica,
                                PlanLimits limits) {
  return HaproxyPlan(Goal::kRemove, haproxy, replica, limits);
}

PlanStep HaproxyPlan::Start(MonoTime now) {
  if (Status status = CheckHaproxyName("haproxy.backend", backend_); !status.ok()) {
    return Done(std::move(status));
  }
  if (Status status = CheckHaproxyName("replica", server_); !status.ok()) {
    return Done(std::move(status));
  }
  switch (goal_) {
    case Goal::kAdd:
      if (Status status = CheckServerAddress(address_); !status.ok()) {
        return Done(std::move(status));
      }
      deadline_ = now + limits_.up;
      return Send(State::kInspect);
    case Goal::kDrain:
      deadline_ = now + drain_;
      return Send(State::kDrain);
    case Goal::kRemove:
      deadline_ = now + limits_.removal;
      return Send(State::kMaintain);
  }
  return Done(Internal("unknown goal"));
}

PlanStep HaproxyPlan::Send(State state) {
  state_ = state;
  return {.command = Command(), .wait = Micros(0), .result = std::nullopt};
}

std::string HaproxyPlan::Command() const {
  const std::string target = backend_ + "/" + server_;
  switch (state_) {
    case State::kInspect:
    case State::kAwaitUp:
    case State::kAwaitIdle:
      return fmt::format("show stat {} 6 -1", backend_);  // 6 = backends and servers
    case State::kAdd:
      return fmt::format("add server {} {} id {} weight {}{}", target, address_, id_, weight_,
                         check_ ? " check inter 1s fastinter 500ms rise 1 fall 3" : "");
    case State::kHealth:
      return "enable health " + target;
    case State::kReady:
      return fmt::format("set server {} state ready", target);
    case State::kDrain:
      return fmt::format("set server {} state drain", target);
    case State::kMaintain:
      return fmt::format("set server {} state maint", target);
    case State::kCut:
      return "shutdown sessions server " + target;
    case State::kDelete:
      return "del server " + target;
  }
  return "";
}

PlanStep HaproxyPlan::Resume(MonoTime) {
  return Send(state_);
}

PlanStep HaproxyPlan::OnUnreachable(const Status& error, MonoTime now) {
  if (!unreachable_since_) {
    unreachable_since_ = now;
  }
  if (now - *unreachable_since_ >= limits_.unreachable) {
    return Done(WithField(WithReason(error, "SOCKET_UNREACHABLE"), "haproxy.socket"));
  }
  return Wait();
}

PlanStep HaproxyPlan::OnReply(std::string_view reply, MonoTime now) {
  unreachable_since_.reset();
  return Interpret(Trim(reply), now);
}

PlanStep HaproxyPlan::Interpret(std::string_view reply, MonoTime now) {
  switch (state_) {
    case State::kInspect:
      return OnInspected(reply);
    case State::kAdd:
      if (reply.starts_with("New server registered")) {
        return Send(check_ ? State::kHealth : State::kReady);
      }
      if (reply.starts_with("Already exists")) {  // another hand was quicker, or our own answer was lost
        return Restart(reply, now);
      }
      return Done(ReplyError(reply));
    case State::kHealth:
      return OnSettled(reply, State::kReady, now);
    case State::kReady:
      return OnSettled(reply, State::kAwaitUp, now);
    case State::kAwaitUp:
      return OnAwaitUp(reply, now);
    case State::kDrain:
      return OnSettled(reply, State::kAwaitIdle, now);
    case State::kAwaitIdle:
      return OnAwaitIdle(reply, now);
    case State::kMaintain:
      return OnSettled(reply, State::kCut, now);
    case State::kCut:
      return OnSettled(reply, State::kDelete, now);
    case State::kDelete:
      return OnDeleted(reply, now);
  }
  return Done(Internal("unknown state"));
}

PlanStep HaproxyPlan::OnInspected(std::string_view reply) {
  const StatusOr<HaproxyStat> stat = ParseHaproxyStat(reply);
  if (!stat.ok()) {
    return Done(ReplyError(reply));
  }
  if (stat->Backend(backend_) == nullptr) {
    return Done(ReplyError("No such backend."));
  }
  const HaproxyRow* server = stat->Server(backend_, server_);
  if (server != nullptr) {
    if (server->address == address_) {
      return Send(check_ ? State::kHealth : State::kReady);
    }
    if (server->address.empty()) {  // addresses are shown to operators and admins only
      return Done(ReplyError("Permission denied"));
    }
    return Send(State::kMaintain);
  }
  // HAProxy (all versions up to mid 2026) puts a new server on the hash ring before it numbers it: without an
  // id of our own all new servers would share their points, and `balance random` would starve all but two of
  // them.
  id_ = 1;
  weight_ = 0;
  for (const HaproxyRow& row : stat->rows) {
    if (row.kind == HaproxyRowKind::kServer && row.proxy == backend_) {
      id_ = std::max(id_, row.id + 1);
      weight_ = std::max(weight_, row.weight);  // an equal share among what is there
    }
  }
  weight_ = weight_ == 0 ? kLoneWeight : weight_;
  return Send(State::kAdd);
}

PlanStep HaproxyPlan::OnAwaitUp(std::string_view reply, MonoTime now) {
  const StatusOr<HaproxyStat> stat = ParseHaproxyStat(reply);
  if (!stat.ok()) {
    return Done(ReplyError(reply));
  }
  const HaproxyRow* server = stat->Server(backend_, server_);
  if (server == nullptr) {  // a reload took it away: begin again, within the same deadline
    return Restart("No such server.", now);
  }
  // A server whose checks were just enabled counts as UP before the first of them; that is not yet known to
  // be so.
  const bool checked = !server->check_status.empty() && server->check_status != "INI";
  if (server->up() && (checked || !check_ || server->status == "no check")) {
    return Done(absl::OkStatus());
  }
  if (now < deadline_) {
    return Wait();
  }
  return Done(ServerError(
      absl::StatusCode::kDeadlineExceeded, "SERVER_NOT_UP",
      fmt::format("not UP after {} s: status {}, last check {} {}", limits_.up.count() / 1'000'000,
                  server->status, server->check_status, server->last_check)));
}

PlanStep HaproxyPlan::OnAwaitIdle(std::string_view reply, MonoTime now) {
  const StatusOr<HaproxyStat> stat = ParseHaproxyStat(reply);
  if (!stat.ok()) {
    return Done(ReplyError(reply));
  }
  const HaproxyRow* server = stat->Server(backend_, server_);
  const bool idle = server == nullptr || (server->sessions == 0 && server->queued == 0);
  return idle || now >= deadline_ ? Done(absl::OkStatus()) : Wait();
}

PlanStep HaproxyPlan::Restart(std::string_view reply, MonoTime now) {
  if (now >= deadline_) {
    return Done(ReplyError(reply));
  }
  state_ = State::kInspect;
  return Wait();
}

PlanStep HaproxyPlan::OnSettled(std::string_view reply, State next, MonoTime now) {
  if (reply.empty()) {
    return Send(next);
  }
  if (NoSuchServer(reply)) {
    // Nothing to drain or remove; while adding, a reload or another hand took it away.
    return goal_ == Goal::kAdd ? Restart(reply, now) : Done(absl::OkStatus());
  }
  return Done(ReplyError(reply));
}

PlanStep HaproxyPlan::OnDeleted(std::string_view reply, MonoTime now) {
  if (reply.starts_with("Server deleted") || NoSuchServer(reply)) {
    return goal_ == Goal::kAdd ? Restart(reply, now) : Done(absl::OkStatus());
  }
  if (reply.starts_with("Server still has connections attached")) {
    if (now >= deadline_) {
      return Done(ServerError(absl::StatusCode::kDeadlineExceeded, "SERVER_BUSY",
                              "connections are still attached to it, so it cannot be deleted"));
    }
    state_ = State::kCut;
    return Wait();
  }
  if (reply.starts_with("Only servers in maintenance mode")) {  // somebody made it ready meanwhile
    if (now >= deadline_) {
      return Done(ReplyError(reply));
    }
    state_ = State::kMaintain;
    return Wait();
  }
  return Done(ReplyError(reply));
}

Status HaproxyPlan::ServerError(absl::StatusCode code, std::string_view reason,
                                const std::string& what) const {
  return WithReason(MakeStatus(code, fmt::format("server {}/{}: {}", backend_, server_, what)), reason);
}

Status HaproxyPlan::ReplyError(std::string_view reply) const {
  if (reply.starts_with("No such backend") || reply.starts_with("No such proxy") ||
      reply.starts_with("Can't find backend")) {
    return WithField(WithReason(NotFound("HAProxy has no backend \"{}\"", backend_), "BACKEND_UNKNOWN"),
                     "haproxy.backend");
  }
  if (reply.starts_with("Permission denied")) {
    return WithField(WithReason(PermissionDenied("HAProxy refused: the runtime socket must be declared with "
                                                 "\"level admin\""),
                                "SOCKET_NOT_ADMIN"),
                     "haproxy.socket");
  }
  if (reply.starts_with("Backend must use a dynamic load balancing")) {
    return WithField(
        WithReason(FailedPrecondition(
                       "backend \"{}\" has a balancing algorithm that cannot take servers at run time; "
                       "use \"balance random\", \"roundrobin\" or \"leastconn\"",
                       backend_),
                   "BALANCE_NOT_DYNAMIC"),
        "haproxy.backend");
  }
  if (reply.starts_with("Only servers added at runtime")) {
    return ServerError(
        absl::StatusCode::kFailedPrecondition, "SERVER_STATIC",
        "it is declared in HAProxy's configuration; it is in maintenance but cannot be deleted");
  }
  return ServerError(absl::StatusCode::kInternal, "UNEXPECTED_REPLY",
                     fmt::format("HAProxy answered \"{}\"", reply.substr(0, 200)));
}

}  // namespace shadowd::scale
