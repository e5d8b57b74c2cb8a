#include "lab/replay_command.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "input/input_file.h"

namespace shadowd::lab {
namespace {

// "2026-01-31T09:05:00.250000Z"
std::string TimeText(WallTime at) {
  const int64_t micros = ToMicros(at);
  const int64_t seconds = micros / 1'000'000 - (micros % 1'000'000 < 0 ? 1 : 0);
  const auto unix_seconds = static_cast<std::time_t>(seconds);
  std::tm utc{};
  if (::gmtime_r(&unix_seconds, &utc) == nullptr) {
    return fmt::format("{} us", micros);
  }
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06d}Z", utc, micros - seconds * 1'000'000);
}

nlohmann::ordered_json TimeJson(const std::optional<Now>& now) {
  nlohmann::ordered_json json;  // null
  if (now) {
    json = TimeText(now->wall);
  }
  return json;
}

double SecondsCovered(const sim::Replay& replay) {
  return replay.first ? ToSeconds(replay.last->mono - replay.first->mono) : 0;
}

std::string HowItEnds(const sim::Replay& replay) {
  if (!replay.end.empty()) {
    return replay.end;
  }
  return replay.torn_bytes > 0
             ? fmt::format(
                   "in the middle of an entry ({} bytes of it): the daemon was killed, or its disk full",
                   replay.torn_bytes)
             : "without an end: the daemon was killed, or still runs";
}

}  // namespace

void AddReplayOptions(CLI::App& replay, ReplayArguments& arguments) {
  replay.add_option("journal", arguments.journal, "The file that journal.path of the daemon named (.gz too)")
      ->required();
  replay.add_flag("--transitions", arguments.transitions, "Print the transitions, as the daemon logged them");
  replay.footer(
      "Steps a control core of this build on every event of the journal, in the journal's own time, and "
      "tells\n"
      "the first difference in what comes out, if there is one. Nothing outside is touched.\n"
      "Exit codes: 0 it replays exactly, 1 it differs, 2 the file is no journal or is damaged, 3 not found.");
}

Status RunReplay(const ReplayArguments& arguments, bool json, bool& differs) {
  SHADOWD_ASSIGN_OR_RETURN(const std::string bytes, input::ReadInput(arguments.journal));
  const StatusOr<sim::Replay> replay = sim::ReplayJournal(bytes);
  if (!replay.ok()) {
    return Annotate(replay.status(), arguments.journal);
  }
  const bool with = arguments.transitions;
  const std::string text =
      json ? ToJson(*replay, with).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
           : ToText(*replay, with);
  std::fwrite(text.data(), 1, text.size(), stdout);
  differs = replay->difference.has_value();
  return replay->damage.ok() || differs
             ? absl::OkStatus()
             : InvalidArgument("{}: {}", arguments.journal, MessageOf(replay->damage));
}

nlohmann::ordered_json ToJson(const sim::Replay& replay, bool with_transitions) {
  nlohmann::ordered_json json;
  json["build"] = replay.build;
  json["events"] = replay.events;
  json["replayed"] = replay.replayed;
  json["events_by_kind"] = replay.kinds;
  json["fits"] = replay.fits;
  json["start_time"] = TimeJson(replay.first);
  json["end_time"] = TimeJson(replay.last);
  json["seconds"] = SecondsCovered(replay);
  json["end"] = replay.end;
  json["torn_bytes"] = replay.torn_bytes;
  json["damage"] = MessageOf(replay.damage);
  json["exact"] = !replay.difference && replay.damage.ok();
  if (const auto& difference = replay.difference) {
    json["difference"] = {{"event", difference->event},      {"time", TimeText(difference->now.wall)},
                          {"kind", difference->kind},        {"service", difference->service},
                          {"item", difference->item},        {"recorded", difference->recorded},
                          {"replayed", difference->replayed}};
  } else {
    json["difference"] = nullptr;
  }
  if (with_transitions) {
    json["transitions"] = nlohmann::ordered_json::array();
    for (const sim::Transition& transition : replay.transitions) {
      json["transitions"].push_back({{"time", TimeText(transition.at)}, {"line", transition.line}});
    }
  }
  return json;
}

std::string ToText(const sim::Replay& replay, bool with_transitions) {
  std::string text;
  if (with_transitions) {
    for (const sim::Transition& transition : replay.transitions) {
      text += fmt::format("{} {}\n", TimeText(transition.at), transition.line);
    }
  }
  text += fmt::format("{} events in {:.1f} s, written by version {}, {} fits made again; it ends {}{}\n",
                      replay.events, SecondsCovered(replay), replay.build, replay.fits,
                      replay.end.empty() ? "" : "with: ", HowItEnds(replay));
  if (const auto& difference = replay.difference) {
    text += fmt::format("It differs at event {}: {}{}{} at {}\n  {}: recorded {}, now {}\n",
                        difference->event, difference->kind, difference->service.empty() ? "" : " of ",
                        difference->service, TimeText(difference->now.wall), difference->item,
                        difference->recorded, difference->replayed);
  } else if (replay.damage.ok()) {
    text += "It replays exactly.\n";
  } else {
    text += fmt::format("It replays exactly up to the damage, {} events.\n", replay.replayed);
  }
  return text;
}

}  // namespace shadowd::lab
