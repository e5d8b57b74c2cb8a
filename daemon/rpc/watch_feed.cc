#include "daemon/rpc/watch_feed.h"

#include <limits>
#include <utility>

namespace shadowd::daemon {
WatchFeed::WatchFeed(Edge& edge, Noun noun, const std::string& parent, int64_t resume_revision)
    : edge_(edge), noun_(noun), parent_(parent), filter_(parent), cursor_(resume_revision) {}

void WatchFeed::Begin() {
  Advance();
}

void WatchFeed::Written(bool ok) {
  {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (!ok && !end_.has_value()) {
      end_ = absl::CancelledError("the client is gone");
    }
  }
  Advance();
}

void WatchFeed::EndWith(const Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    if (!end_.has_value()) {
      end_ = status;
    }
  }
  Advance();
}

void WatchFeed::Gone() {
  edge_.open_calls.Remove(this);
  edge_.dispatcher.Read([self = shared_from_this()](Catalogue& catalogue) {
    self->gone_ = true;
    catalogue.Unwatch(self->watch_);
  });
}

WatchFeed::Step WatchFeed::NextStep() {
  if (finished_ || writing_) {
    return Step::kNothing;
  }
  if (end_.has_value()) {
    finished_ = true;
    items_.clear();
    return Step::kFinish;
  }
  if (!items_.empty()) {
    writing_ = true;
    current_ = std::move(items_.front());
    items_.pop_front();
    return Step::kWrite;
  }
  if (behind_ && !fetching_) {
    fetching_ = true;
    behind_ = false;
    return Step::kFetch;
  }
  return Step::kNothing;
}

void WatchFeed::Advance() {
  Step step = Step::kNothing;
  WatchItem item;
  Status end;
  {
    absl::MutexLock lock(&mutex_);
    step = NextStep();
    if (step == Step::kWrite) {
      item = current_;
    } else if (step == Step::kFinish) {
      end = *end_;
    }
  }
  switch (step) {
    case Step::kNothing:
      return;
    case Step::kWrite:
      return Write(item);
    case Step::kFetch:
      return edge_.dispatcher.Read(
          [self = shared_from_this()](Catalogue& catalogue) { self->Fetch(catalogue); });
    case Step::kFinish:
      return FinishStream(end);
  }
}

void WatchFeed::Fetch(Catalogue& catalogue) {
  std::deque<WatchItem> items;
  Status status;
  more_ = false;
  if (!gone_) {
    status = watch_ == 0 ? Subscribe(catalogue, &items) : TakeChanges(catalogue, &items);
  }
  {
    absl::MutexLock lock(&mutex_);
    fetching_ = false;
    behind_ = behind_ || more_;
    for (WatchItem& item : items) {
      items_.push_back(std::move(item));
    }
    if (!status.ok() && !end_.has_value()) {
      end_ = status;
    }
  }
  Advance();
}

Status WatchFeed::Subscribe(Catalogue& catalogue, std::deque<WatchItem>* items) {
  watch_ = catalogue.Watch(noun_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->Wake();
    }
  });
  if (cursor_ != 0) {
    return TakeChanges(catalogue, items);
  }
  for (Resource& resource : catalogue.List(noun_, filter_, "", std::numeric_limits<size_t>::max())) {
    items->push_back({0, v1::WatchEvent::SNAPSHOT, std::move(resource)});
  }
  cursor_ = catalogue.revision();
  items->push_back({cursor_, v1::WatchEvent::SNAPSHOT_END, nullptr});
  return absl::OkStatus();
}

Status WatchFeed::TakeChanges(Catalogue& catalogue, std::deque<WatchItem>* items) {
  SHADOWD_ASSIGN_OR_RETURN(
      std::vector<ResourceChange> changes,
      catalogue.ChangesSince(noun_, cursor_, filter_, edge_.limits.watch_queue, &cursor_));
  more_ = cursor_ < catalogue.revision();
  for (size_t i = 0; i < changes.size(); ++i) {
    // Only the last change of a revision lets a client resume behind the whole of it.
    const bool last = i + 1 == changes.size() || changes[i + 1].revision != changes[i].revision;
    items->push_back({last ? changes[i].revision : changes[i].revision - 1,
                      changes[i].removed ? v1::WatchEvent::DELETED : v1::WatchEvent::CHANGED,
                      std::move(changes[i].resource)});
  }
  return absl::OkStatus();
}

void WatchFeed::Wake() {
  {
    absl::MutexLock lock(&mutex_);
    behind_ = true;
  }
  Advance();
}

}  // namespace shadowd::daemon
