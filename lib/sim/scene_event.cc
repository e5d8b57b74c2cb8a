// How a scene's events are written, and what they do to demand and to the cost of a request.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/check.h"
#include "sim/trace.h"

namespace shadowd::sim {
namespace {

constexpr double kRampShare = 0.2;  // of a flash crowd's duration, at its start and at its end

std::optional<double> ParseNumber(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::vector<std::string_view> Split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t from = 0;;) {
    const size_t colon = text.find(':', from);
    parts.push_back(text.substr(from, colon - from));
    if (colon == std::string_view::npos) {
      return parts;
    }
    from = colon + 1;
  }
}

std::optional<Micros> ParseTime(std::string_view text) {
  if (text.size() < 2) {
    return std::nullopt;
  }
  const size_t unit = std::string_view("smhd").find(text.back());
  const std::optional<double> count = ParseNumber(text.substr(0, text.size() - 1));
  if (unit == std::string_view::npos || !count || *count < 0 || *count > 1e6) {
    return std::nullopt;
  }
  constexpr double kSeconds[] = {1, 60, 3600, 86400};
  return FromSeconds(*count * kSeconds[unit]);
}

// "+30%" is 1.3, "-20%" is 0.8, "x2" is 2.
std::optional<double> ParseFactor(std::string_view text) {
  if (text.size() < 2) {
    return std::nullopt;
  }
  if (text.front() == 'x') {
    return ParseNumber(text.substr(1));
  }
  if ((text.front() == '+' || text.front() == '-') && text.back() == '%') {
    const std::optional<double> percent = ParseNumber(text.substr(1, text.size() - 2));
    if (percent && *percent >= 0) {
      return 1 + (text.front() == '-' ? -*percent : *percent) / 100;
    }
  }
  return std::nullopt;
}

Status Wrong(std::string_view text, std::string_view part, std::string_view allowed) {
  return WithField(InvalidArgument("event \"{}\": {}: {}", text, part, allowed), "event");
}

StatusOr<Micros> ParseAt(std::string_view text, std::string_view at, Micros play_length) {
  std::optional<Micros> time;
  if (!at.empty() && at.back() == '%') {
    if (const std::optional<double> percent = ParseNumber(at.substr(0, at.size() - 1));
        percent && *percent >= 0) {
      time = FromSeconds(ToSeconds(play_length) * std::min(*percent, 1e6) / 100);
    }
  } else {
    time = ParseTime(at);
  }
  if (!time) {
    return Wrong(text, fmt::format("AT is \"{}\"", at),
                 "allowed are a share of the play such as 50% or a time such as 6h, 90m, 3600s");
  }
  if (*time >= play_length) {
    return WithReason(Wrong(text, fmt::format("AT is \"{}\", outside of what is played", at),
                            fmt::format("that is {:.4g} h long", ToSeconds(play_length) / 3600)),
                      "EVENT_OUTSIDE");
  }
  return *time;
}

std::optional<SceneEventKind> ParseKind(std::string_view name) {
  for (const SceneEventKind kind : {SceneEventKind::kDeploy, SceneEventKind::kFlash, SceneEventKind::kShift,
                                    SceneEventKind::kFailure, SceneEventKind::kOutage}) {
    if (name == SceneEventName(kind)) {
      return kind;
    }
  }
  return std::nullopt;
}

Status ParseSize(std::string_view text, std::string_view size, SceneEvent& event) {
  if (event.kind == SceneEventKind::kFailure) {
    const std::optional<double> count = ParseNumber(size);
    if (!count || *count < 1 || *count > 10'000 || *count != std::floor(*count)) {
      return Wrong(text, fmt::format("instances are \"{}\"", size),
                   "allowed is a whole number from 1 to 10000");
    }
    event.size = *count;
    return Status();
  }
  const std::optional<double> factor = ParseFactor(size);
  if (!factor || *factor < 0.01 || *factor > 100) {
    return Wrong(text, fmt::format("size is \"{}\"", size),
                 "allowed is a change such as +30%, -20% or x2, from -99% to x100");
  }
  event.size = *factor;
  return Status();
}

double FlashFactor(const SceneEvent& event, Micros at) {
  const double share = ToSeconds(at - event.at) / ToSeconds(event.duration);
  if (share < 0 || share >= 1) {
    return 1;
  }
  const double ramp = std::min({share / kRampShare, (1 - share) / kRampShare, 1.0});
  return 1 + (event.size - 1) * ramp;
}

}  // namespace

const char* SceneEventName(SceneEventKind kind) {
  switch (kind) {
    case SceneEventKind::kDeploy:
      return "deploy";
    case SceneEventKind::kFlash:
      return "flash";
    case SceneEventKind::kShift:
      return "shift";
    case SceneEventKind::kFailure:
      return "failure";
    case SceneEventKind::kOutage:
      return "outage";
  }
  SHADOWD_CHECK(false);
}

StatusOr<SceneEvent> ParseSceneEvent(std::string_view text, Micros play_length) {
  const std::vector<std::string_view> parts = Split(text);
  const std::optional<SceneEventKind> kind = ParseKind(parts.front());
  if (!kind) {
    return Wrong(text, fmt::format("kind is \"{}\"", parts.front()),
                 "allowed are deploy, flash, shift, failure and outage");
  }
  const bool flash = *kind == SceneEventKind::kFlash;
  const bool outage = *kind == SceneEventKind::kOutage;
  if (parts.size() != (flash ? 4U : 3U)) {
    const char* form = flash                               ? "flash:AT:x2:10m"
                       : outage                            ? "outage:AT:15m"
                       : *kind == SceneEventKind::kFailure ? "failure:AT:2"
                       : *kind == SceneEventKind::kShift   ? "shift:AT:-20%"
                                                           : "deploy:AT:+30%";
    return Wrong(text, "it has the wrong number of parts", fmt::format("write it as {}", form));
  }
  SceneEvent event;
  event.kind = *kind;
  SHADOWD_ASSIGN_OR_RETURN(event.at, ParseAt(text, parts[1], play_length));
  if (!outage) {
    SHADOWD_RETURN_IF_ERROR(ParseSize(text, parts[2], event));
  }
  if (flash || outage) {
    const std::optional<Micros> duration = ParseTime(parts.back());
    if (!duration || *duration <= Micros(0)) {
      return Wrong(text, fmt::format("duration is \"{}\"", parts.back()),
                   "allowed is a time such as 10m, 1h, 90s");
    }
    event.duration = *duration;
  }
  return event;
}

double DemandFactor(std::span<const SceneEvent> events, Micros at) {
  double factor = 1;
  for (const SceneEvent& event : events) {
    if (event.kind == SceneEventKind::kShift && at >= event.at) {
      factor *= event.size;
    } else if (event.kind == SceneEventKind::kFlash) {
      factor *= FlashFactor(event, at);
    }
  }
  return factor;
}

double CostFactor(std::span<const SceneEvent> events, Micros at) {
  double factor = 1;
  for (const SceneEvent& event : events) {
    factor *= event.kind == SceneEventKind::kDeploy && at >= event.at ? event.size : 1;
  }
  return factor;
}

}  // namespace shadowd::sim
