#include "read_commands.h"

#include <signal.h>

#include <cstdio>
#include <thread>
#include <type_traits>

#include "columns.h"
#include "describe.h"
#include "names.h"
#include "print.h"

namespace shadowd::ctl {
namespace {

template <typename T>
struct TypeOf {
  using Type = T;
};

// Calls `use` with the message type of a noun.
template <typename Use>
auto WithType(Noun noun, Use use) {
  switch (noun) {
    case Noun::kService:
      return use(TypeOf<v1::Service>());
    case Noun::kInstance:
      return use(TypeOf<v1::Instance>());
    case Noun::kForecast:
      return use(TypeOf<v1::Forecast>());
    case Noun::kTrial:
      return use(TypeOf<v1::Trial>());
    case Noun::kShadow:
      return use(TypeOf<v1::Shadow>());
    case Noun::kDecision:
      return use(TypeOf<v1::Decision>());
    case Noun::kModel:
      return use(TypeOf<v1::Model>());
    case Noun::kCost:
      break;
  }
  return use(TypeOf<v1::Cost>());
}

void Print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

template <typename T>
Status PrintOne(const Session& session, const T& resource) {
  if (session.output == Output::kTable) {
    Print(Table(HeaderOf<T>(), {RowOf(resource)}));
  } else {
    PrintValue(ToJson(resource), session.output);
  }
  return absl::OkStatus();
}

template <typename T>
Status PrintList(const Session& session, client::Client& client, Noun noun, const ReadArguments& arguments) {
  auto pager = client.List<T>(ParentName(noun, arguments.service));
  std::vector<Row> rows;
  auto items = nlohmann::ordered_json::array();
  bool more = false;
  for (int i = 0; !more; ++i) {
    SHADOWD_ASSIGN_OR_RETURN(const auto resource, pager.Next());
    if (!resource.has_value()) {
      break;
    }
    more = i == arguments.limit;
    if (more) {
      break;
    }
    session.output == Output::kTable ? rows.push_back(RowOf(*resource)) : items.push_back(ToJson(*resource));
  }
  if (session.output != Output::kTable) {
    PrintValue({{PluralOf(noun), items}}, session.output);
  } else if (rows.empty()) {
    std::fprintf(stderr, "no %s\n", PluralOf(noun));
  } else {
    Print(Table(HeaderOf<T>(), rows));
  }
  if (more) {
    std::fprintf(stderr, "only the first %d are shown; --limit shows more\n", arguments.limit);
  }
  return absl::OkStatus();
}

template <typename T>
const char* WordOf(typename client::Change<T>::Kind kind) {
  using Kind = typename client::Change<T>::Kind;
  return kind == Kind::kSnapshot ? "SNAPSHOT" : kind == Kind::kDeleted ? "DELETED" : "CHANGED";
}

template <typename T>
void PrintChange(const Session& session, const client::Change<T>& change, bool* header) {
  if (change.kind == client::Change<T>::Kind::kSnapshotEnd) {
    return;
  }
  if (session.output != Output::kTable) {
    return PrintEvent({{"type", WordOf<T>(change.kind)},
                       {"revision", change.revision},
                       {"resource", ToJson(change.resource)}},
                      session.output);
  }
  // Rows come one by one: the widths are those of the first.
  const std::string text = Table(HeaderOf<T>(), {RowOf(change.resource)});
  const size_t split = text.find('\n') + 1;
  if (!std::exchange(*header, true)) {
    Print(fmt::format("{:<9} {}", "CHANGE", text.substr(0, split)));
  }
  Print(fmt::format("{:<9} {}", WordOf<T>(change.kind), text.substr(split)));
  std::fflush(stdout);
}

// Asks the watch to stop on SIGINT or SIGTERM, which were blocked before any thread began.
void StopOnSignal(std::stop_source stop, std::stop_token finished) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGINT);
  sigaddset(&mask, SIGTERM);
  const timespec slice{0, 100'000'000};
  while (!finished.stop_requested()) {
    if (::sigtimedwait(&mask, nullptr, &slice) > 0) {
      stop.request_stop();
      return;
    }
  }
}

void BlockSignals() {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGINT);
  sigaddset(&mask, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &mask, nullptr);
}

}  // namespace

Status Get(const Session& session, const ReadArguments& arguments) {
  SHADOWD_ASSIGN_OR_RETURN(const Noun noun, NounOf(arguments.noun));
  SHADOWD_ASSIGN_OR_RETURN(const auto client, session.Connect());
  return WithType(noun, [&](auto type) -> Status {
    using T = typename decltype(type)::Type;
    if (arguments.name.empty()) {
      return PrintList<T>(session, *client, noun, arguments);
    }
    SHADOWD_ASSIGN_OR_RETURN(const std::string name, FullName(noun, arguments.name, arguments.service));
    SHADOWD_ASSIGN_OR_RETURN(const T resource, client->Get<T>(name));
    return PrintOne(session, resource);
  });
}

namespace {

constexpr int kTriggersShown = 5;

// What the forecast of a service triggered of late, newest first.
StatusOr<std::vector<v1::Trigger>> RecentTriggers(client::Client& client, const std::string& forecast) {
  auto pager = client.List<v1::Decision>("services/" + ServiceOf(forecast));
  std::vector<v1::Trigger> triggers;
  while (static_cast<int>(triggers.size()) < kTriggersShown) {
    SHADOWD_ASSIGN_OR_RETURN(const auto decision, pager.Next());
    if (!decision.has_value()) {
      break;
    }
    triggers.push_back(decision->trigger());
  }
  return triggers;
}

Status DescribeForecast(const Session& session, client::Client& client, const v1::Forecast& forecast) {
  SHADOWD_ASSIGN_OR_RETURN(const auto recent, RecentTriggers(client, forecast.name()));
  if (session.output == Output::kTable) {
    Print(Describe(forecast, recent));
    return absl::OkStatus();
  }
  auto value = ToJson(forecast);
  value["recent_triggers"] = nlohmann::ordered_json::array();
  for (const v1::Trigger& trigger : recent) {
    value["recent_triggers"].push_back(ToJson(trigger));
  }
  PrintValue(value, session.output);
  return absl::OkStatus();
}

}  // namespace

Status DescribeOne(const Session& session, const ReadArguments& arguments) {
  SHADOWD_ASSIGN_OR_RETURN(const Noun noun, NounOf(arguments.noun));
  SHADOWD_ASSIGN_OR_RETURN(const auto client, session.Connect());
  return WithType(noun, [&](auto type) -> Status {
    using T = typename decltype(type)::Type;
    SHADOWD_ASSIGN_OR_RETURN(const std::string name, FullName(noun, arguments.name, arguments.service));
    SHADOWD_ASSIGN_OR_RETURN(const T resource, client->Get<T>(name));
    if constexpr (std::is_same_v<T, v1::Forecast>) {
      return DescribeForecast(session, *client, resource);
    }
    if (session.output != Output::kTable) {
      return PrintOne(session, resource);
    }
    if constexpr (std::is_same_v<T, v1::Trial> || std::is_same_v<T, v1::Decision>) {
      Print(Describe(resource));
    } else {
      Print(ToYaml(ToJson(resource)));
    }
    return absl::OkStatus();
  });
}

Status WatchAll(const Session& session, const ReadArguments& arguments) {
  SHADOWD_ASSIGN_OR_RETURN(const Noun noun, NounOf(arguments.noun));
  BlockSignals();
  SHADOWD_ASSIGN_OR_RETURN(const auto client, session.Connect());
  std::string only;
  if (!arguments.name.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(only, FullName(noun, arguments.name, arguments.service));
  }
  std::stop_source stop;
  const std::jthread signals([stop](const std::stop_token& finished) { StopOnSignal(stop, finished); });
  return WithType(noun, [&](auto type) -> Status {
    using T = typename decltype(type)::Type;
    bool header = false;
    return client->Watch<T>(
        ParentName(noun, arguments.service), {.resume_revision = arguments.resume_revision},
        [&](const client::Change<T>& change) {
          if (only.empty() || change.resource.name() == only) {
            PrintChange(session, change, &header);
          }
          return true;
        },
        stop.get_token());
  });
}

}  // namespace shadowd::ctl
