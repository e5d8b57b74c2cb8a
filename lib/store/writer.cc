#include "store/writer.h"

#include <algorithm>
#include <utility>

namespace shadowd::store {
namespace {

constexpr size_t kGroupRowsMax = 4096;  // a group is closed by the batch that passes it
constexpr auto kExpiryEvery = std::chrono::seconds(1);
constexpr auto kExpiryPause =
    std::chrono::milliseconds(20);  // between pieces, so that commits get in between

Status Refusal(const Status& broken) {
  return WithReason(Annotate(broken, "the store does not take writes now"), "STORE_NOT_WRITABLE");
}

}  // namespace

Writer::Writer(std::unique_ptr<Committer> committer, const Options& options,
               std::function<void()> telemetry_replaced)
    : options_(options),
      telemetry_replaced_(std::move(telemetry_replaced)),
      committer_(std::move(committer)) {
  Publish({});
  told_replacements_ = committer_->counters().telemetry_replacements;
  thread_ = std::thread([this] { Run(); });
}

Writer::~Writer() {
  Close();
}

Status Writer::Commit(std::vector<ports::Mutation> mutations, std::function<void(StatusOr<int64_t>)> done) {
  const std::lock_guard lock(mutex_);
  Status refusal;
  if (closing_) {
    refusal = WithReason(Unavailable("the store is closed"), "STORE_CLOSED");
  } else if (!broken_.ok()) {
    refusal = Refusal(broken_);
  } else if (queue_.size() >= options_.queue_max) {
    refusal = WithReason(ResourceExhausted("{} batches wait for the disk already", queue_.size()),
                         "STORE_QUEUE_FULL");
  }
  if (!refusal.ok()) {
    ++stats_.refused;
    return refusal;
  }
  queue_.push_back({std::move(mutations), std::move(done)});
  wake_.notify_one();
  return absl::OkStatus();
}

void Writer::ReplaceTelemetry() {
  const std::lock_guard lock(mutex_);
  replace_telemetry_ = true;
  wake_.notify_one();
}

Stats Writer::stats() const {
  const std::lock_guard lock(mutex_);
  Stats stats = stats_;
  stats.queue_depth = queue_.size();
  stats.writable = broken_.ok();
  return stats;
}

void Writer::Close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Writer::Run() {
  Lock lock(mutex_);
  while (true) {
    WaitForWork(lock);
    if (!queue_.empty()) {
      WaitForCompany(lock);
      CommitGroup(lock);
    } else if (closing_) {
      break;
    }
    KeepHouse(lock);
  }
  Finish(lock);
}

bool Writer::HasWork() const {
  return !queue_.empty() || closing_ || replace_telemetry_;
}

void Writer::WaitForWork(Lock& lock) {
  const bool probing = !broken_.ok() && !absl::IsDataLoss(broken_);
  if (probing) {
    wake_.wait_for(lock, options_.probe_interval, [this] { return HasWork(); });
  } else if (expire_more_) {
    wake_.wait_for(lock, kExpiryPause, [this] { return HasWork(); });
  } else {
    wake_.wait(lock, [this] { return HasWork(); });
  }
}

// A lone batch is not delayed: how many come together is seen by the last group, and no more are waited for.
void Writer::WaitForCompany(Lock& lock) {
  const size_t company = std::min(last_group_, options_.group_max);
  if (queue_.size() < company) {
    wake_.wait_for(lock, options_.group_wait, [&] { return queue_.size() >= company || closing_; });
  }
}

std::vector<Batch> Writer::TakeGroup() {
  std::vector<Batch> group;
  size_t rows = 0;
  while (!queue_.empty() && group.size() < std::max<size_t>(options_.group_max, 1) && rows < kGroupRowsMax) {
    rows += queue_.front().mutations.size();
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  last_group_ = group.size();
  return group;
}

void Writer::CommitGroup(Lock& lock) {
  std::vector<Batch> group = TakeGroup();
  lock.unlock();
  const Status status = committer_->Commit(group);
  lock.lock();
  if (!status.ok()) {
    // What waits was made on top of what has just been lost, so none of it may be applied.
    broken_ = status;
    for (Batch& batch : queue_) {
      batch.revision = Refusal(status);
      group.push_back(std::move(batch));
    }
    queue_.clear();
  }
  Publish(group);
  lock.unlock();
  for (Batch& batch : group) {
    if (batch.done) {
      batch.done(std::move(batch.revision));
    }
  }
  lock.lock();
}

void Writer::Publish(const std::vector<Batch>& finished) {
  for (const Batch& batch : finished) {
    ++(batch.revision.ok() ? stats_.commits : stats_.failed);
    if (!batch.revision.ok()) {
      stats_.last_error = MessageOf(batch.revision.status());
    }
  }
  const Committer::Counters& counters = committer_->counters();
  if (!counters.telemetry_error.empty()) {
    stats_.last_error = counters.telemetry_error;
  }
  stats_.rows = counters.rows;
  stats_.groups = counters.groups;
  stats_.expired_rows = counters.expired_rows;
  stats_.telemetry_moved_aside = counters.telemetry_replacements > 0;
}

void Writer::KeepHouse(Lock& lock) {
  if (!broken_.ok() && !absl::IsDataLoss(broken_)) {
    Probe(lock);
  }
  if (expire_more_ || Clock::now() >= next_expiry_ || replace_telemetry_) {
    Expire(lock);
  }
  if (committer_->counters().telemetry_replacements != told_replacements_) {
    told_replacements_ = committer_->counters().telemetry_replacements;
    lock.unlock();
    telemetry_replaced_();
    lock.lock();
  }
}

void Writer::Probe(Lock& lock) {
  lock.unlock();
  const Status status = committer_->Probe();
  lock.lock();
  if (!status.ok()) {
    stats_.last_error = MessageOf(status);
  }
  broken_ = status;
}

void Writer::Expire(Lock& lock) {
  const bool replace = std::exchange(replace_telemetry_, false);
  lock.unlock();
  StatusOr<bool> more = replace ? false : committer_->ExpireDemand(options_.clock());
  if (replace || absl::IsDataLoss(more.status())) {
    const Status replaced = committer_->ReplaceTelemetry();
    more = replaced.ok() ? StatusOr<bool>(false) : StatusOr<bool>(replaced);
  }
  next_expiry_ = Clock::now() + kExpiryEvery;
  expire_more_ = more.ok() && *more;
  lock.lock();
  if (!more.ok()) {
    stats_.last_error = MessageOf(more.status());
  }
  Publish({});
}

void Writer::Finish(Lock& lock) {
  lock.unlock();
  const Status status = committer_->Close();
  lock.lock();
  if (!status.ok()) {
    stats_.last_error = MessageOf(status);
  }
}

}  // namespace shadowd::store
