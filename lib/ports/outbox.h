// Collects the outcome of one step for one service. A machine is handed an Outbox and never builds an Outcome
// itself, so that everything it says carries the service's id. Lives for the length of one step.
#pragma once

#include <fmt/format.h>

#include <utility>

#include "ports/outcome.h"

namespace shadowd::ports {

class Outbox {
 public:
  Outbox(model::ServiceId service, Outcome& outcome) : service_(std::move(service)), outcome_(outcome) {}

  void Put(Change change) { outcome_.mutations.push_back({service_, std::move(change)}); }
  void Do(Effect effect) { outcome_.actions.push_back({service_, std::move(effect)}); }
  // A transition for the journal: "service=web " is put in front.
  template <typename... Args>
  void Log(fmt::format_string<Args...> format, Args&&... args) {
    Do(LogTransition{
        fmt::format("service={} {}", service_, fmt::format(format, std::forward<Args>(args)...))});
  }
  // Nothing is sent when nobody waits (token 0).
  void Answer(ReplyToken token, StatusOr<ReplyValue> value) {
    if (token != 0) {
      outcome_.replies.push_back({token, std::move(value)});
    }
  }

  const model::ServiceId& service() const { return service_; }

 private:
  model::ServiceId service_;
  Outcome& outcome_;
};

}  // namespace shadowd::ports
