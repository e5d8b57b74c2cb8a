#include "daemon/io/load_run.h"

#include <algorithm>
#include <thread>

#include "daemon/io/monotonic_clock.h"
#include "daemon/io/thread_start.h"

namespace shadowd::io {
namespace {

constexpr Micros kStartsIn = std::chrono::milliseconds(5);  // all workers are there by then
constexpr Micros kLook = std::chrono::milliseconds(20);
constexpr Micros kWatch = std::chrono::seconds(1);

LoadSnapshot SnapshotOf(const std::vector<std::unique_ptr<LoadWorker>>& workers, Micros age) {
  LoadSnapshot snapshot;
  snapshot.seconds = ToSeconds(age);
  for (const auto& worker : workers) {
    snapshot.sent += worker->progress().sent.load(std::memory_order_relaxed);
    snapshot.completed += worker->progress().completed.load(std::memory_order_relaxed);
    snapshot.errors += worker->progress().errors.load(std::memory_order_relaxed);
  }
  return snapshot;
}

}  // namespace

StatusOr<LoadResult> RunLoad(const LoadOptions& options, const std::atomic<bool>& stop,
                             const std::function<void(const LoadSnapshot&)>& watch) {
  std::vector<std::unique_ptr<LoadWorker>> workers;
  for (int i = 0; i < options.threads; ++i) {
    SHADOWD_ASSIGN_OR_RETURN(std::unique_ptr<LoadWorker> worker, LoadWorker::Create(options, i));
    workers.push_back(std::move(worker));
  }
  const MonoTime start = ReadMonoTime() + kStartsIn;
  std::atomic<int> running{options.threads};
  std::vector<std::thread> threads;
  for (const auto& worker : workers) {
    threads.push_back(StartThread("shadowd-load", [&, raw = worker.get()] {
      raw->Run(start, stop);
      running.fetch_sub(1);
    }));
  }
  MonoTime next_watch = start + kWatch;
  while (running.load() > 0) {
    std::this_thread::sleep_for(kLook);
    if (const MonoTime now = ReadMonoTime(); now >= next_watch) {
      watch(SnapshotOf(workers, now - start));
      next_watch += kWatch;
    }
  }
  LoadResult result;
  result.seconds = ToSeconds(ReadMonoTime() - start);
  result.counts = workers[0]->counts();
  for (size_t i = 0; i < workers.size(); ++i) {
    threads[i].join();
    result.cpu_seconds += workers[i]->cpu_seconds();
    if (i > 0) {
      result.counts.Add(workers[i]->counts());
    }
  }
  return result;
}

}  // namespace shadowd::io
