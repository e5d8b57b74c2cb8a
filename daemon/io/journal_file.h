// An append-only file that is written behind its user's back: Append copies into a buffer, and a thread of
// its own writes at most once a second, or as soon as a quarter of a megabyte waits. What a killed process
// had not written is lost, at most a second of it; nothing is synced, so a machine that loses its power may
// lose more. The file that was there before is kept as PATH.1. Append from one thread at a time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/status.h"
#include "daemon/io/unique_fd.h"

namespace shadowd::io {

class JournalFile {
 public:
  // The most that waits for the disk. A whole second of a thousand services fits many times.
  static constexpr size_t kWaitingMax = size_t{64} << 20;

  // The file begins with `first`, at once. `failed` is called once, on the writer's thread, when a write
  // fails; nothing is written after it.
  static StatusOr<std::unique_ptr<JournalFile>> Create(const std::string& path, std::string_view first,
                                                       std::function<void(const Status&)> failed);
  ~JournalFile();  // what waits is written
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;

  // False when too much waits already; nothing was taken then.
  bool Append(std::string_view bytes);
  // Taken however much waits. Nothing may follow.
  void AppendLast(std::string_view bytes);
  bool Failed() const { return has_failed_.load(std::memory_order_relaxed); }

 private:
  JournalFile(UniqueFd file, std::function<void(const Status&)> failed);
  void Take(std::string_view bytes, std::unique_lock<std::mutex> lock);
  void Run();

  UniqueFd file_;
  std::function<void(const Status&)> failed_;
  std::atomic<bool> has_failed_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::string waiting_;
  bool stopping_ = false;
  std::thread thread_;  // the last: it uses all others
};

}  // namespace shadowd::io
