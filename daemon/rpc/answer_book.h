// The last answers that scalers got, kept on disk, so that a restart or a source that is down does not leave
// an autoscaler with nothing. Thread-safe; Keep and Find do not wait for the disk: a thread of its own writes
// the whole book every two seconds where something changed, and at the end. What a killed process had not
// written is lost, the book as it was before stays whole. Bounded: a full book takes no new keys, and what is
// older than a day is not written.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <map>
#include <optional>
#include <string>
#include <thread>

#include "base/time.h"

namespace shadowd::daemon {

class AnswerBook {
 public:
  static constexpr size_t kAnswersMax = 65'536;
  struct Answer {
    double value = 0;
    WallTime as_of;  // when what it follows from was last known to hold
    bool operator==(const Answer&) const = default;
  };

  // Reads what is there; lines that are damaged are left out. "" = in memory alone.
  explicit AnswerBook(std::string path);
  ~AnswerBook();
  AnswerBook(const AnswerBook&) = delete;
  AnswerBook& operator=(const AnswerBook&) = delete;

  void Keep(const std::string& key, const Answer& answer);  // keys: one line, without tabs
  std::optional<Answer> Find(const std::string& key) const;

 private:
  using Answers = std::map<std::string, Answer>;
  void Load();
  void Run();
  void Write(const Answers& answers) const;

  const std::string path_;
  mutable absl::Mutex mutex_;  // the loop keeps and finds, the writer copies
  Answers answers_ ABSL_GUARDED_BY(mutex_);
  bool changed_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread writer_;  // the last: it uses all others
};

}  // namespace shadowd::daemon
