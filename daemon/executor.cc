#include "daemon/executor.h"

#include <signal.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <variant>

#include "daemon/fit_pool.h"
#include "daemon/io/data_plane.h"
#include "daemon/io/haproxy_actuator.h"
#include "daemon/io/process_provider.h"
#include "daemon/io/production_observer.h"
#include "daemon/io/telemetry_poller.h"

namespace shadowd::daemon {

namespace {

// Those with a durable intent.
bool ChangesTheWorld(const ports::Effect& effect) {
  return std::holds_alternative<ports::StartReplica>(effect) ||
         std::holds_alternative<ports::StopReplica>(effect) ||
         std::holds_alternative<ports::AddServer>(effect) ||
         std::holds_alternative<ports::DrainServer>(effect) ||
         std::holds_alternative<ports::RemoveServer>(effect);
}

int CrashBefore() {
  const char* number = std::getenv("SHADOWD_CRASH_BEFORE_EFFECT");
  return number == nullptr ? 0 : std::atoi(number);
}

}  // namespace

Executor::Executor(Parts parts) : parts_(std::move(parts)), crash_before_(CrashBefore()) {}

void Executor::Do(const ports::Action& action) {
  if (crash_before_ > 0 && ChangesTheWorld(action.effect) && --crash_before_ == 0) {
    ::raise(SIGKILL);
  }
  std::visit([&](const auto& effect) { Do(action.service, effect); }, action.effect);
}

void Executor::Do(const model::ServiceId& service, const ports::StartReplica& effect) {
  parts_.provider.Start(service, effect);
}

void Executor::Do(const model::ServiceId& service, const ports::StopReplica& effect) {
  parts_.provider.Stop(service, effect);
}

void Executor::Do(const model::ServiceId& service, const ports::AddServer& effect) {
  parts_.actuator.Do(service, effect);
}

void Executor::Do(const model::ServiceId& service, const ports::DrainServer& effect) {
  parts_.actuator.Do(service, effect);
}

void Executor::Do(const model::ServiceId& service, const ports::RemoveServer& effect) {
  parts_.actuator.Do(service, effect);
}

void Executor::Do(const model::ServiceId&, const ports::ObserveProduction& effect) {
  if (effect.spec.haproxy.socket.empty()) {
    parts_.observer.Forget(effect.spec.id);
  } else {
    parts_.observer.Observe(effect.spec);
  }
  parts_.telemetry.Observe(effect.spec, effect.known_until);
}

void Executor::Do(const model::ServiceId& service, const ports::StopObserving&) {
  parts_.observer.Forget(service);
  parts_.telemetry.Forget(service);
}

void Executor::Do(const model::ServiceId& service, const ports::SetTraffic& effect) {
  const Status set = parts_.data_plane.Set(service, effect);
  if (!set.ok()) {  // the trial runs into its deadline and says that its shadows got no load; the cause is
                    // here
    spdlog::error("service={} traffic=refused error=\"{}\"", service, MessageOf(set));
  }
}

void Executor::Do(const model::ServiceId& service, const ports::FitForecast& effect) {
  parts_.fits.Fit(service, effect.input);
}

void Executor::Do(const model::ServiceId&, const ports::ArmTimer& effect) {
  parts_.arm_timer(effect.at);
}

void Executor::Do(const model::ServiceId&, const ports::LogTransition& effect) {
  spdlog::info("{}", effect.line);
}

}  // namespace shadowd::daemon
