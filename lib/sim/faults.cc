#include "sim/faults.h"

#include <algorithm>
#include <cmath>

namespace shadowd::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Micros kCommitUsual = milliseconds(2);
constexpr Micros kCommitSlowest = seconds(20);
constexpr Micros kLateStop = seconds(4);  // what a stop may take beyond its grace
constexpr Micros kAwayMost = std::chrono::minutes(20);
constexpr Micros kWindowLate = std::chrono::minutes(5);
constexpr Micros kResultLate = seconds(30);

}  // namespace

Faults::Faults(const FaultRates& rates, Micros over, uint64_t seed)
    : rates_(rates), over_(MonoTime(over)), rng_(seed) {
  for (std::vector<Spell>& spells : spells_) {
    MonoTime at{};
    while (rates_.spells_per_hour > 0) {
      at += FromSeconds(rng_.Exponential(3600 / rates_.spells_per_hour));
      if (at >= over_) {
        break;
      }
      const Micros lasts = FromSeconds(rng_.Exponential(ToSeconds(rates_.spell_mean)));
      spells.push_back({at, std::min(over_, at + lasts)});
      at += lasts;
    }
  }
  for (size_t kind = 0; kind < kBlowKinds; ++kind) {
    const double per_hour = rates_.blows_per_hour[kind];
    MonoTime at{};
    while (per_hour > 0) {
      at += FromSeconds(rng_.Exponential(3600 / per_hour));
      if (at >= over_) {
        break;
      }
      Blow blow{at, static_cast<BlowKind>(kind), Micros(0)};
      // Over many orders of size: a blink, a minute, hours.
      const double size = std::exp(rng_.Uniform() * std::log(10'000.0));
      if (blow.kind == BlowKind::kCrash) {
        blow.size = std::min<Micros>(kAwayMost, FromSeconds(size / 8));
      } else if (blow.kind == BlowKind::kClockJump) {
        blow.size = FromSeconds(rng_.Below(2) == 0 ? size : -size);
      }
      blows_.push_back(blow);
    }
  }
  std::stable_sort(blows_.begin(), blows_.end(), [](const Blow& a, const Blow& b) { return a.at < b.at; });
}

bool Faults::In(SpellKind kind, MonoTime at) const {
  const std::vector<Spell>& spells = spells_[static_cast<size_t>(kind)];
  return std::any_of(spells.begin(), spells.end(),
                     [at](const Spell& spell) { return spell.from <= at && at < spell.to; });
}

bool Faults::Strikes(SpellKind spell, MonoTime at) {
  if (at >= over_) {
    return false;
  }
  return rng_.Uniform() < (In(spell, at) ? rates_.shaky : rates_.always);
}

Micros Faults::Between(Micros least, Micros most) {
  return least + FromSeconds(rng_.Uniform() * ToSeconds(most - least));
}

Micros Faults::CommitTakes(MonoTime at) {
  if (at >= over_) {
    return kCommitUsual;
  }
  if (In(SpellKind::kSlowDisk, at)) {
    const double share = rng_.Uniform();
    return Between(milliseconds(50),
                   milliseconds(100) + FromSeconds(share * share * ToSeconds(kCommitSlowest)));
  }
  return Between(milliseconds(1), 4 * kCommitUsual);
}

std::optional<Micros> Faults::DiesAfterCommit(MonoTime at) {
  if (at >= over_ || rng_.Uniform() >= rates_.dies_after_commit) {
    return std::nullopt;
  }
  return FromSeconds(rng_.Exponential(20));
}

StartFate Faults::Start(MonoTime at) {
  if (!Strikes(SpellKind::kShakyProvider, at)) {
    return StartFate::kUp;
  }
  return static_cast<StartFate>(1 + rng_.Below(4));
}

StopFate Faults::Stop(MonoTime at, Micros grace) {
  if (!Strikes(SpellKind::kShakyProvider, at)) {
    return {false, milliseconds(20)};
  }
  lost_last_ = !lost_last_ && rng_.Below(4) == 0;
  return {lost_last_, Between(milliseconds(20), grace + kLateStop)};
}

BalancerFate Faults::ChangeServer(MonoTime at) {
  if (!Strikes(SpellKind::kShakyBalancer, at)) {
    return {false, milliseconds(20)};
  }
  return {rng_.Below(2) == 0, Between(milliseconds(20), kResultLate)};
}

std::vector<Micros> Faults::Deliver(MonoTime at) {
  if (In(SpellKind::kNoMetrics, at)) {
    return {};
  }
  if (!Strikes(SpellKind::kShakyMessages, at)) {
    return {Micros(0)};
  }
  switch (rng_.Below(3)) {
    case 0:
      return {};
    case 1:
      return {Between(Micros(0), kWindowLate)};
    default:
      return {Micros(0), Between(Micros(0), kWindowLate)};
  }
}

std::optional<Micros> Faults::ToldAgain(MonoTime at) {
  if (!Strikes(SpellKind::kShakyMessages, at)) {
    return std::nullopt;
  }
  return Between(Micros(0), kResultLate);
}

}  // namespace shadowd::sim
