#include "sim/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <utility>

#include "control/transitions.h"
#include "forecast/fit.h"
#include "journal/digest.h"
#include "journal/reader.h"

namespace shadowd::sim {
namespace {

using Inputs = std::deque<std::shared_ptr<const forecast::FitInput>>;

// Fits of one service that are underway at once; one is the rule, more only when it was deleted meanwhile.
constexpr size_t kInputsMax = 16;

constexpr std::array kChangeNames = {"Service",  "ServiceRemoved", "Instance",    "Shadow",     "Trial",
                                     "Decision", "Model",          "LedgerEntry", "Intent",     "AuditEntry",
                                     "Forecast", "DemandRecorded", "FrozenSet",   "SequenceSet"};
static_assert(kChangeNames.size() == std::variant_size_v<ports::Change>);
constexpr std::array kEffectNames = {"StartReplica", "StopReplica",       "AddServer",     "DrainServer",
                                     "RemoveServer", "ObserveProduction", "StopObserving", "SetTraffic",
                                     "FitForecast",  "ArmTimer",          "LogTransition"};
static_assert(kEffectNames.size() == std::variant_size_v<ports::Effect>);
constexpr std::array kReplyNames = {"nothing", "Service", "Decision", "Trial", "Shadow", "Model"};
static_assert(kReplyNames.size() == std::variant_size_v<ports::ReplyValue>);

using Digests = std::vector<uint32_t>;

// What is recorded of an item is its kind.
template <size_t kCount>
std::string KindName(const std::array<const char*, kCount>& names, uint32_t digest) {
  const size_t kind = journal::KindOf(digest);
  return kind < kCount                  ? names[kind]
         : kind == journal::kErrorReply ? "an error"
                                        : fmt::format("a kind {} that this version does not know", kind);
}

// Fills in the first item that differs; false when there is none. `detail` says more of an item that came
// out.
template <size_t kCount, typename Detail>
bool Compare(const char* noun, const std::array<const char*, kCount>& names, const Digests& recorded,
             const Digests& replayed, const Detail& detail, Difference& difference) {
  const auto [there, here] =
      std::mismatch(recorded.begin(), recorded.end(), replayed.begin(), replayed.end());
  if (there == recorded.end() && here == replayed.end()) {
    return false;
  }
  const auto at = static_cast<size_t>(here - replayed.begin());
  difference.item = fmt::format("{} {}", noun, at + 1);
  difference.recorded = there == recorded.end() ? "nothing" : KindName(names, *there);
  difference.replayed = here == replayed.end() ? "nothing" : KindName(names, *here);
  if (difference.recorded == difference.replayed) {
    difference.replayed = "another " + difference.replayed;
  }
  if (here != replayed.end()) {
    difference.replayed += detail(at);
  }
  return true;
}

// What was to be done names the cause better than what was written down about it.
bool Compare(const journal::Digests& recorded, const ports::Outcome& outcome, Difference& difference) {
  const journal::Digests replayed = journal::DigestOf(outcome);
  const auto line = [&outcome](size_t i) {
    const auto* log = std::get_if<ports::LogTransition>(&outcome.actions[i].effect);
    return log == nullptr ? std::string() : fmt::format(" \"{}\"", log->line);
  };
  const auto error = [&outcome](size_t i) {
    const Status status = outcome.replies[i].value.status();
    return status.ok() ? std::string() : fmt::format(" \"{}\"", MessageOf(status));
  };
  const auto nothing = [](size_t) { return std::string(); };
  return Compare("action", kEffectNames, recorded.actions, replayed.actions, line, difference) ||
         Compare("mutation", kChangeNames, recorded.mutations, replayed.mutations, nothing, difference) ||
         Compare("reply", kReplyNames, recorded.replies, replayed.replies, error, difference);
}

class Player {
 public:
  Player(Replay& replay, const std::optional<control::CoreOptions>& options)
      : replay_(replay), options_(options) {}

  void Play(const journal::Start& start) {
    replay_.build = start.build;
    core_ = std::make_unique<control::Core>(options_.value_or(start.options));
    core_->RestoreFreeze(start.frozen, start.freeze_reason);
  }

  void Play(const journal::OptionsChanged& changed) {
    if (!options_) {
      core_->SetOptions(changed.options);
    }
  }

  void Play(const journal::End& end) { replay_.end = end.reason; }

  void Play(const journal::Step& step) {
    ++replay_.events;
    ++replay_.kinds[control::EventName(step.event.payload.index())];
    replay_.first = replay_.first.value_or(step.now);
    replay_.last = step.now;
    if (replay_.difference) {
      return;
    }
    ports::Event event = step.event;
    if (step.fit && !Fit(step, event)) {
      return;
    }
    const ports::Outcome outcome = core_->Step(event, step.now);
    Keep(outcome, step.now);
    Difference difference = At(step);
    if (Compare(step.out, outcome, difference)) {
      replay_.difference = std::move(difference);
    } else {
      ++replay_.replayed;
    }
  }

 private:
  Difference At(const journal::Step& step) const {
    return {.event = replay_.events,
            .now = step.now,
            .kind = control::EventName(step.event.payload.index()),
            .service = step.event.service.str(),
            .item = "",
            .recorded = "",
            .replayed = ""};
  }

  void Keep(const ports::Outcome& outcome, Now now) {
    for (const ports::Action& action : outcome.actions) {
      if (const auto* log = std::get_if<ports::LogTransition>(&action.effect)) {
        replay_.transitions.push_back({now.wall, log->line});
      } else if (const auto* fit = std::get_if<ports::FitForecast>(&action.effect)) {
        Inputs& inputs = inputs_[action.service];
        inputs.push_back(fit->input);
        if (inputs.size() > kInputsMax) {
          inputs.pop_front();
        }
      }
    }
  }

  // Fits end in the order in which they began, so the oldest input of this version is the one; a step that
  // the store refused leaves an input whose fit never came, and the digest tells it from the next.
  bool Fit(const journal::Step& step, ports::Event& event) {
    Inputs& inputs = inputs_[step.event.service];
    bool made = false;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i]->version != step.fit->version) {
        continue;
      }
      made = true;
      ++replay_.fits;
      auto fit = std::make_shared<const forecast::Fit>(forecast::FitModels(*inputs[i]));
      if (journal::DigestOf(*fit) == step.fit->digest) {
        event.payload = ports::ForecastFitted{std::move(fit)};
        inputs.erase(inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        return true;
      }
    }
    Difference difference = At(step);
    difference.item = "the fit";
    difference.recorded = fmt::format("version {}", step.fit->version);
    difference.replayed = made ? "another fit of the same data" : "no such fit was asked for";
    replay_.difference = std::move(difference);
    return false;
  }

  Replay& replay_;
  const std::optional<control::CoreOptions>& options_;
  std::unique_ptr<control::Core> core_;  // since the first entry, which is always a Start
  std::map<model::ServiceId, Inputs> inputs_;
};

}  // namespace

StatusOr<Replay> ReplayJournal(std::string_view bytes, const std::optional<control::CoreOptions>& options) {
  SHADOWD_ASSIGN_OR_RETURN(journal::Reader reader, journal::Reader::Open(bytes));
  Replay replay;
  Player player(replay, options);
  for (;;) {
    const StatusOr<std::optional<journal::Entry>> entry = reader.Next();
    if (!entry.ok()) {
      replay.damage = entry.status();
      return replay;
    }
    if (!entry->has_value()) {
      replay.torn_bytes = reader.TornBytes();
      return replay;
    }
    std::visit([&player](const auto& what) { player.Play(what); }, **entry);
  }
}

}  // namespace shadowd::sim
