// Carries out what the control core asks for: hands each effect to the part of the daemon that touches the
// world. Called on the loop's thread only, after the step's mutations are durable; nothing here blocks. Owned
// by App.
#pragma once

#include <functional>
#include <memory>

#include "base/time.h"
#include "ports/action.h"
#include "ports/event.h"

namespace shadowd::io {
class DataPlane;
class HaproxyActuator;
class ProcessProvider;
class ProductionObserver;
class TelemetryPoller;
}  // namespace shadowd::io

namespace shadowd::daemon {

class FitPool;

class Executor {
 public:
  struct Parts {  // borrowed; alive longer than the executor
    io::ProcessProvider& provider;
    io::HaproxyActuator& actuator;
    io::ProductionObserver& observer;
    io::TelemetryPoller& telemetry;
    io::DataPlane& data_plane;
    FitPool& fits;
    std::function<void(MonoTime)> arm_timer;
  };
  explicit Executor(Parts parts);

  void Do(const ports::Action& action);

 private:
  void Do(const model::ServiceId& service, const ports::StartReplica& effect);
  void Do(const model::ServiceId& service, const ports::StopReplica& effect);
  void Do(const model::ServiceId& service, const ports::AddServer& effect);
  void Do(const model::ServiceId& service, const ports::DrainServer& effect);
  void Do(const model::ServiceId& service, const ports::RemoveServer& effect);
  void Do(const model::ServiceId& service, const ports::ObserveProduction& effect);
  void Do(const model::ServiceId& service, const ports::StopObserving& effect);
  void Do(const model::ServiceId& service, const ports::SetTraffic& effect);
  void Do(const model::ServiceId& service, const ports::FitForecast& effect);
  void Do(const model::ServiceId& service, const ports::ArmTimer& effect);
  void Do(const model::ServiceId& service, const ports::LogTransition& effect);

  Parts parts_;
  int crash_before_;  // 0 = never; see README.md
};

}  // namespace shadowd::daemon
