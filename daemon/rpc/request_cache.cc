#include "daemon/rpc/request_cache.h"

#include <openssl/sha.h>

#include <utility>

namespace shadowd::daemon {
namespace {

constexpr size_t kWaitersMax = 64;

// Bodies may be megabytes; what is compared need not be.
std::string Digest(const std::string& body) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

}  // namespace

StatusOr<RequestCache::Outcome> RequestCache::Begin(const std::string& key, const std::string& body,
                                                    Waiter waiter) {
  const std::string digest = Digest(body);
  std::string answer;
  {
    absl::MutexLock lock(&mutex_);
    const auto [entry, first] = entries_.try_emplace(key);
    if (first) {
      entry->second.digest = digest;
      return Outcome::kFirst;
    }
    if (entry->second.digest != digest) {
      return WithReason(
          WithField(InvalidArgument("this request_id was used for another request"), "request_id"),
          "REQUEST_ID_REUSED");
    }
    if (!entry->second.done) {
      if (entry->second.waiters.size() >= kWaitersMax) {
        return WithReason(ResourceExhausted("{} repeats of this request wait already", kWaitersMax),
                          "TOO_MANY_REPEATS");
      }
      entry->second.waiters.push_back(std::move(waiter));
      return Outcome::kRepeated;
    }
    answer = entry->second.answer;
  }
  waiter(answer);
  return Outcome::kRepeated;
}

void RequestCache::Complete(const std::string& key, const StatusOr<std::string>& answer) {
  std::vector<Waiter> waiters;
  {
    absl::MutexLock lock(&mutex_);
    const auto entry = entries_.find(key);
    if (entry == entries_.end()) {
      return;
    }
    waiters = std::move(entry->second.waiters);
    if (answer.ok()) {
      entry->second.done = true;
      entry->second.answer = *answer;
      answered_.push_back(key);
      ForgetOldest();
    } else {
      entries_.erase(entry);
    }
  }
  for (const Waiter& waiter : waiters) {
    waiter(answer);
  }
}

void RequestCache::ForgetOldest() {
  while (answered_.size() > answers_max_) {
    entries_.erase(answered_.front());
    answered_.pop_front();
  }
}

}  // namespace shadowd::daemon
