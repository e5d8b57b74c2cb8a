#include "control/gate.h"

#include <fmt/format.h>

#include <algorithm>

namespace shadowd::control {
namespace {

std::string CoolDown(const char* what, Micros passed, Micros wanted) {
  return fmt::format("cool-down: the last {} was {:.0f} s ago, {:.0f} s are wanted", what, ToSeconds(passed),
                     ToSeconds(wanted));
}

}  // namespace

GateAnswer PassGate(const GateInput& input) {
  GateAnswer answer;
  answer.to = input.from;
  if (input.mode != model::Mode::kAct) {
    answer.reason = fmt::format("mode {} changes nothing in production", model::ModeName(input.mode));
    return answer;
  }
  if (input.frozen) {
    answer.reason = input.frozen_reason.empty() ? "frozen" : fmt::format("frozen: {}", input.frozen_reason);
    return answer;
  }
  int to = std::clamp(input.to, input.bounds.min, input.bounds.max);
  if (input.from > 0) {
    to = std::clamp(to, input.from - input.bounds.step_in_max, input.from + input.bounds.step_out_max);
    to = std::clamp(to, input.bounds.min, input.bounds.max);
  }
  const bool emergency = input.trigger == model::TriggerKind::kEmergency;
  if (to > input.from && !emergency && input.last_out &&
      input.now - *input.last_out < input.bounds.cool_down_out) {
    answer.reason = CoolDown("scale-out", input.now - *input.last_out, input.bounds.cool_down_out);
    return answer;
  }
  // A scale-in waits after either direction: what was just added has not had its day yet.
  if (to < input.from) {
    const MonoTime last =
        std::max(input.last_out.value_or(MonoTime::min()), input.last_in.value_or(MonoTime::min()));
    if (last != MonoTime::min() && input.now - last < input.bounds.cool_down_in) {
      answer.reason = CoolDown("change", input.now - last, input.bounds.cool_down_in);
      return answer;
    }
  }
  answer.open = true;
  answer.to = to;
  if (to != input.to) {
    answer.reason =
        fmt::format("clamped from {} to {} by min {}, max {}, step out {}, step in {}", input.to, to,
                    input.bounds.min, input.bounds.max, input.bounds.step_out_max, input.bounds.step_in_max);
  }
  return answer;
}

}  // namespace shadowd::control
