#include "daemon/fit_pool.h"

#include "forecast/forecaster.h"

namespace shadowd::daemon {

FitPool::FitPool(Sink sink) : sink_(std::move(sink)), thread_([this] { Run(); }) {}

FitPool::~FitPool() {
  Stop();
}

void FitPool::Fit(const model::ServiceId& service, std::shared_ptr<const forecast::FitInput> input) {
  {
    const std::lock_guard lock(mutex_);
    queue_.emplace_back(service, std::move(input));
  }
  wake_.notify_one();
}

void FitPool::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void FitPool::Run() {
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) {
      return;
    }
    const auto [service, input] = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    auto fit = std::make_shared<const forecast::Fit>(forecast::FitModels(*input));
    sink_({service, ports::ForecastFitted{std::move(fit)}, 0, {}});
  }
}

}  // namespace shadowd::daemon
