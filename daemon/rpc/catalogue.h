// The durable read model: every resource as the API shows it, with the revision of its last change. Owned by
// the loop and used on the loop thread only; what it hands out is immutable and may go to any thread. Filled
// by Apply after a commit, so nobody ever reads what a crash could take back.
//
// A revision is one number for the whole host that grows with every mutation, also across restarts (see
// NextRevision). Watchers pull: they keep a revision, are woken by a change and ask for what came after. A
// slow one costs no memory; when the history has moved past its revision it is told OUT_OF_RANGE and lists
// anew.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "daemon/rpc/noun.h"
#include "daemon/rpc/resource_table.h"
#include "ports/outcome.h"

namespace shadowd::v1 {
class Service;
}

namespace shadowd::daemon {

class Catalogue {
 public:
  struct Options {
    size_t watch_history = 4096;         // changes kept per noun
    size_t retained_per_service = 1000;  // ended trials, shadows, decisions ..., of each service
  };
  using WatchId = uint64_t;

  explicit Catalogue(Options options);
  Catalogue(const Catalogue&) = delete;
  Catalogue& operator=(const Catalogue&) = delete;

  // ---- For the loop ----
  // The revision for the next mutation: the wall clock in microseconds, or one more than the last where the
  // clock stands or went back. So revisions of a former life of the daemon are never given again.
  int64_t NextRevision(WallTime now) const;
  // Takes over one committed mutation. `revision` comes from NextRevision, or from the store while restoring,
  // ascending. Mutations that the API does not show (intents, audit rows, demand) only advance the revision.
  void Apply(int64_t revision, const ports::Mutation& mutation);
  // Ends restoring: watchers may resume from here on, not from before.
  void StartHistory();

  // ---- For readers ----
  int64_t revision() const { return revision_; }
  Resource Get(Noun noun, const std::string& name) const { return table(noun).Get(name); }
  // Trials, decisions and models come newest first, the rest by name.
  std::vector<Resource> List(Noun noun, const ParentFilter& filter, const std::string& after,
                             size_t max) const;
  StatusOr<std::vector<ResourceChange>> ChangesSince(Noun noun, int64_t since, const ParentFilter& filter,
                                                     size_t max, int64_t* cursor) const {
    return table(noun).ChangesSince(since, revision_, filter, max, cursor);
  }
  int64_t compaction_revision() const;  // a watch of any noun can resume from here on
  // `wake` runs at every change of the noun, on the loop thread, until Unwatch; it must not call the
  // catalogue's mutators.
  WatchId Watch(Noun noun, std::function<void()> wake);
  void Unwatch(WatchId id);

  bool frozen() const { return frozen_; }
  const std::string& frozen_reason() const { return frozen_reason_; }
  size_t size(Noun noun) const { return table(noun).size(); }
  // Those of a service ("services/web") that have not ended, and of all services.
  int64_t live(Noun noun, const std::string& service) const { return table(noun).live(service); }
  int64_t live(Noun noun) const;
  // How many there are by state ("SETTLED" ...); empty for a noun without states.
  const std::map<std::string, int64_t>& tally(Noun noun) const { return table(noun).tally(); }
  size_t watchers() const { return watchers_.size(); }

 private:
  const ResourceTable& table(Noun noun) const { return tables_[static_cast<size_t>(noun)]; }
  ResourceTable& table(Noun noun) { return tables_[static_cast<size_t>(noun)]; }
  template <typename T>
  void PutChange(int64_t revision, Noun noun, const T& value);
  void PutService(int64_t revision, v1::Service service);
  void CountInstances(int64_t revision, const std::string& name);
  void RemoveService(int64_t revision, const model::ServiceId& service);
  void Wake(Noun noun);

  struct Watcher {
    Noun noun;
    std::function<void()> wake;
  };
  std::vector<ResourceTable> tables_;  // by noun
  std::map<WatchId, Watcher> watchers_;
  WatchId next_watch_ = 1;
  int64_t revision_ = 0;
  bool frozen_ = false;
  std::string frozen_reason_;
};

}  // namespace shadowd::daemon
