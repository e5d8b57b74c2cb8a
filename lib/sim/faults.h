// What goes wrong in a World, seeded: spells that last (a slow or full disk, no metrics, a shaky provider or
// balancer), blows that fall at a moment (the daemon dies, the wall clock jumps, instances die), and what
// becomes of each effect and message meanwhile. All within what the ports promise: an effect of the provider
// or the balancer has an end, but a late one, a bad one or one that is told twice; an order to stop may get
// lost; windows may be lost, late, twice and out of order. After `over` nothing goes wrong any more. Owned by
// whoever plays, asked by World; value type.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/rng.h"
#include "base/time.h"

namespace shadowd::sim {

enum class SpellKind { kSlowDisk, kFullDisk, kNoMetrics, kShakyProvider, kShakyBalancer, kShakyMessages };
inline constexpr size_t kSpellKinds = 6;

enum class BlowKind {
  kCrash,          // of the daemon; `size` is how long it stays away
  kClockJump,      // of the wall clock, by `size`, forwards or back; the monotonic one goes on
  kDeaths,         // instances die and the provider tells
  kSilentDeath,    // one dies or leaves its host and nobody tells: only the balancer misses it
  kForgottenPool,  // the balancer was restarted without the servers that were added to it
  kStray,          // the provider reports a replica that nobody knows
};
inline constexpr size_t kBlowKinds = 6;

struct FaultRates {
  double spells_per_hour = 0.5;                 // of each kind
  Micros spell_mean = std::chrono::minutes(6);  // its length
  std::array<double, kBlowKinds> blows_per_hour = {0.5, 0.2, 0.25, 0.08, 0.08, 0.08};
  double dies_after_commit = 0.0006;  // per commit: the daemon, somewhere among the effects it was for
  double always = 0.02;               // share of effects and messages that go wrong outside any spell
  double shaky = 0.35;                // and within one
};

struct Blow {
  MonoTime at;
  BlowKind kind = BlowKind::kCrash;
  Micros size{0};
};

enum class StartFate { kUp, kSlow, kRefused, kExits, kHangs };
struct StopFate {
  bool lost = false;  // the order: the replica lives on; never two in a row
  Micros takes{0};
};
struct BalancerFate {
  bool fails = false;
  Micros takes{0};
};

class Faults {
 public:
  Faults(const FaultRates& rates, Micros over, uint64_t seed);

  MonoTime over() const { return over_; }
  const std::vector<Blow>& blows() const { return blows_; }  // ascending
  bool In(SpellKind kind, MonoTime at) const;

  Micros CommitTakes(MonoTime at);
  bool DiskFull(MonoTime at) const { return In(SpellKind::kFullDisk, at); }
  // The daemon dies after this commit, among the effects it was for; how long it stays away.
  std::optional<Micros> DiesAfterCommit(MonoTime at);

  StartFate Start(MonoTime at);
  StopFate Stop(MonoTime at, Micros grace);
  BalancerFate ChangeServer(MonoTime at);
  // When each copy of a window of production arrives: mostly one, at once; none when it is lost.
  std::vector<Micros> Deliver(MonoTime at);
  // A result of an effect is told a second time, so much later.
  std::optional<Micros> ToldAgain(MonoTime at);

 private:
  struct Spell {
    MonoTime from, to;
  };
  bool Strikes(SpellKind spell, MonoTime at);
  Micros Between(Micros least, Micros most);

  FaultRates rates_;
  MonoTime over_;
  Rng rng_;
  std::array<std::vector<Spell>, kSpellKinds> spells_;
  std::vector<Blow> blows_;
  bool lost_last_ = false;
};

}  // namespace shadowd::sim
