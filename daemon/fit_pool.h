// Fits forecasts off the loop: one thread computes on copied values and posts each result as an event. The
// queue holds at most one fit per service (the core asks for the next only after the last came back), so it
// is bounded by the services.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "model/ids.h"
#include "ports/action.h"
#include "ports/event.h"

namespace shadowd::daemon {

class FitPool {
 public:
  using Sink = std::function<void(ports::Event)>;
  explicit FitPool(Sink sink);
  ~FitPool();
  FitPool(const FitPool&) = delete;
  FitPool& operator=(const FitPool&) = delete;

  void Fit(const model::ServiceId& service, std::shared_ptr<const forecast::FitInput> input);  // any thread
  void Stop();  // joins; what is queued is dropped

 private:
  void Run();

  Sink sink_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::pair<model::ServiceId, std::shared_ptr<const forecast::FitInput>>> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace shadowd::daemon
