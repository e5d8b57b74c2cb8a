#include "daemon/io/journal_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <utility>

#include "daemon/io/thread_start.h"

namespace shadowd::io {
namespace {

constexpr std::chrono::seconds kWriteEvery(1);
constexpr size_t kWriteAtOnce = size_t{256} << 10;

Status WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return ErrnoStatus(errno, "cannot write the journal");
    }
    bytes.remove_prefix(written > 0 ? static_cast<size_t>(written) : 0);
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<std::unique_ptr<JournalFile>> JournalFile::Create(const std::string& path, std::string_view first,
                                                           std::function<void(const Status&)> failed) {
  const std::string previous = path + ".1";
  if (::rename(path.c_str(), previous.c_str()) != 0 && errno != ENOENT) {
    return ErrnoStatus(errno, "cannot keep the previous journal as " + previous);
  }
  // Templates may hold secrets in their environment: nobody else reads it.
  UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600));
  if (!file.valid()) {
    return ErrnoStatus(errno, "cannot create the journal " + path);
  }
  SHADOWD_RETURN_IF_ERROR(WriteAll(file.get(), first));
  return std::unique_ptr<JournalFile>(new JournalFile(std::move(file), std::move(failed)));
}

JournalFile::JournalFile(UniqueFd file, std::function<void(const Status&)> failed)
    : file_(std::move(file)),
      failed_(std::move(failed)),
      thread_(StartThread("journal", [this] { Run(); })) {}

JournalFile::~JournalFile() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool JournalFile::Append(std::string_view bytes) {
  std::unique_lock lock(mutex_);
  if (waiting_.size() + bytes.size() > kWaitingMax) {
    return false;
  }
  Take(bytes, std::move(lock));
  return true;
}

void JournalFile::AppendLast(std::string_view bytes) {
  Take(bytes, std::unique_lock(mutex_));
}

void JournalFile::Take(std::string_view bytes, std::unique_lock<std::mutex> lock) {
  const bool first = waiting_.empty();
  const bool many = waiting_.size() < kWriteAtOnce && waiting_.size() + bytes.size() >= kWriteAtOnce;
  waiting_.append(bytes);
  lock.unlock();
  if (first || many) {
    wake_.notify_one();
  }
}

// Sleeps for good while nothing waits, so an idle daemon is not woken.
void JournalFile::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    wake_.wait_for(lock, kWriteEvery, [this] { return stopping_ || waiting_.size() >= kWriteAtOnce; });
    const std::string bytes = std::exchange(waiting_, std::string());
    const bool last = stopping_;
    lock.unlock();
    if (!Failed()) {
      if (const Status written = WriteAll(file_.get(), bytes); !written.ok()) {
        has_failed_.store(true, std::memory_order_relaxed);
        failed_(written);
      }
    }
    if (last) {
      return;
    }
    lock.lock();
  }
}

}  // namespace shadowd::io
