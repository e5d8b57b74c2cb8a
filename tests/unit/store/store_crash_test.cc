// A child process commits and is killed; whatever it acknowledged must be there.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "base/rng.h"
#include "require_ok.h"
#include "store/store.h"
#include "unit/store/samples.h"
#include "unit/store/temp_directory.h"

namespace shadowd::store {
namespace {

struct Ack {
  int number;
  int64_t revision;
};

WallTime Clock() {
  return At(0);
}

// Batch n holds decision n, and says in the sequence and the freeze that it was the last.
std::vector<ports::Mutation> BatchNumber(int n) {
  return {Of("web", SampleDecision("web", n)), Of("web", ports::SequenceSet{n + 1}),
          Of("", ports::FrozenSet{true, std::to_string(n)}), Of("web", ports::DemandRecorded{At(n), 1.0 * n}),
          Of("web", SampleAudit(n))};
}

// Commits until it is killed. Nothing of the test framework may be used in here.
[[noreturn]] void CommitForEver(const std::string& directory, int first, int out) {
  auto store = Store::Open({.directory = directory, .group_max = 16, .queue_max = 64, .clock = Clock});
  if (!store.ok()) {
    _exit(2);
  }
  for (int n = first;; ++n) {
    const auto acknowledge = [n, out](StatusOr<int64_t> revision) {
      const Ack ack{n, revision.value_or(-1)};
      if (write(out, &ack, sizeof ack) != sizeof ack) {
        _exit(3);
      }
    };
    while (!(*store)->Commit(BatchNumber(n), acknowledge).ok()) {
      usleep(100);  // the queue is full
    }
  }
}

// Runs a child, lets it acknowledge `until` batches, kills it, and gives all that it acknowledged.
std::vector<Ack> RunAndKill(const std::string& directory, int first, size_t until) {
  int fds[2];
  REQUIRE(pipe(fds) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(fds[0]);
    CommitForEver(directory, first, fds[1]);
  }
  close(fds[1]);
  std::vector<Ack> acks;
  Ack ack{};
  while (read(fds[0], &ack, sizeof ack) == sizeof ack) {
    acks.push_back(ack);
    if (acks.size() == until) {
      kill(child, SIGKILL);
    }
  }
  close(fds[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(acks.size() >= until);
  return acks;
}

void RunKills(int kills) {
  const TempDirectory directory;
  {
    auto store = Store::Open({.directory = directory.path(), .clock = Clock});
    REQUIRE_OK(store);
    REQUIRE_OK((*store)->Commit({Of("web", SampleService("web"))}, {}));
  }
  const uint64_t seed = 20;
  INFO("seed " << seed);
  Rng rng(seed);
  std::set<int64_t> revisions;
  int first = 1;
  for (int i = 0; i < kills; ++i) {
    const std::vector<Ack> acks = RunAndKill(directory.path(), first, 1 + rng.Below(80));
    auto store = Store::Open({.directory = directory.path(), .clock = Clock});
    REQUIRE_OK(store);
    const StatusOr<Snapshot> snapshot = (*store)->Load();
    REQUIRE_OK(snapshot);
    const ports::Restored& web = snapshot->services.at(0);
    for (const Ack& ack : acks) {
      REQUIRE(ack.revision > 0);
      REQUIRE(revisions.insert(ack.revision).second);
      REQUIRE(ack.revision <= snapshot->revision);
    }
    // Batches are applied in order: all decisions up to the last are there, and the whole of the last batch.
    const int last = web.next_sequence - 1;
    REQUIRE(last >= acks.back().number);
    REQUIRE(web.open_decisions.size() == static_cast<size_t>(last));
    REQUIRE(web.open_decisions.back() == SampleDecision("web", last));
    REQUIRE(snapshot->frozen_reason == std::to_string(last));
    const auto audit = (*store)->ListAudit(kNewest, 1);
    REQUIRE_OK(audit);
    REQUIRE(audit->at(0).entry == SampleAudit(last));
    const auto demand = (*store)->DemandHistory(model::ServiceId("web"), At(0), std::chrono::seconds(1));
    REQUIRE_OK(demand);
    REQUIRE(demand->back().second >= acks.back().number);
    first = last + 1;
  }
}

TEST_CASE("after SIGKILL everything acknowledged is there, twenty times") {
  RunKills(20);
}
TEST_CASE("after SIGKILL everything acknowledged is there, two hundred times", "[slow]") {
  RunKills(200);
}

}  // namespace
}  // namespace shadowd::store
