// What one watch has still to send: a snapshot and its end, or the changes since a revision, then changes as
// they come. It pulls from the catalogue when its stream has written what it had, so a slow client costs a
// bounded number of pointers; a client that fell behind the history is ended with OUT_OF_RANGE. Shared by its
// stream (gRPC's threads) and the loop.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "daemon/rpc/catalogue.h"
#include "daemon/rpc/edge.h"
#include "daemon/rpc/open_calls.h"
#include "shadowd/v1/common.pb.h"

namespace shadowd::daemon {

struct WatchItem {
  int64_t revision = 0;  // where to resume; 0 within a snapshot, which starts over
  v1::WatchEvent::Type type = v1::WatchEvent::CHANGED;
  Resource resource;  // null for SNAPSHOT_END
};

class WatchFeed : public OpenCall, public std::enable_shared_from_this<WatchFeed> {
 public:
  WatchFeed(Edge& edge, Noun noun, const std::string& parent, int64_t resume_revision);

  void Drain() override { EndWith(DrainingStatus()); }

 protected:
  // Called one after the other, never under a lock. After Finish nothing is called.
  virtual void Write(const WatchItem& item) = 0;
  virtual void FinishStream(const Status& status) = 0;

  // For the stream.
  void Begin();
  void Written(bool ok);
  void EndWith(const Status& status);  // after the write in flight, if there is one
  void Gone();                         // the stream is done: stop watching

 private:
  enum class Step { kNothing, kWrite, kFetch, kFinish };
  Step NextStep() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Advance();
  void Fetch(Catalogue& catalogue);
  Status Subscribe(Catalogue& catalogue, std::deque<WatchItem>* items);
  Status TakeChanges(Catalogue& catalogue, std::deque<WatchItem>* items);
  void Wake();

  Edge& edge_;
  const Noun noun_;
  const std::string parent_;
  const ParentFilter filter_;

  // Loop thread only.
  int64_t cursor_;
  Catalogue::WatchId watch_ = 0;
  bool gone_ = false;
  bool more_ = false;  // the last fetch did not take everything

  absl::Mutex mutex_;  // the loop fetches while gRPC's threads write
  std::deque<WatchItem> items_ ABSL_GUARDED_BY(mutex_);
  WatchItem current_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool fetching_ ABSL_GUARDED_BY(mutex_) = false;
  bool behind_ ABSL_GUARDED_BY(mutex_) = true;  // there may be changes that were not fetched
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<Status> end_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace shadowd::daemon
