#include "daemon/loop.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "control/core.h"
#include "store/store.h"

namespace shadowd::daemon {

namespace asio = boost::asio;
using Done = std::function<void(StatusOr<ports::ReplyValue>)>;

namespace {

constexpr std::chrono::seconds kRetryCommit(1);

bool IsMeasurement(const ports::Event& event) {
  return std::holds_alternative<ports::ShadowWindow>(event.payload) ||
         std::holds_alternative<ports::ProductionWindow>(event.payload) ||
         std::holds_alternative<ports::HostPressure>(event.payload);
}

// Refused by the store for what it says, not for the state of the disk: trying again would not help.
bool RefusedForGood(const Status& status) {
  return status.code() == absl::StatusCode::kAlreadyExists ||
         status.code() == absl::StatusCode::kFailedPrecondition ||
         status.code() == absl::StatusCode::kInvalidArgument;
}

asio::steady_timer::time_point ToSteady(MonoTime at) {
  return asio::steady_timer::time_point(std::chrono::nanoseconds(at.time_since_epoch()));
}

}  // namespace

Now ReadClocks() {
  const auto mono = std::chrono::duration_cast<Micros>(std::chrono::steady_clock::now().time_since_epoch());
  const auto wall = std::chrono::duration_cast<Micros>(std::chrono::system_clock::now().time_since_epoch());
  return {MonoTime(mono), WallTime(wall)};
}

// One step on its way to the disk.
struct Loop::Batch {
  enum class State { kWaiting, kSubmitted, kDurable, kRefused };
  uint64_t sequence = 0;
  State state = State::kWaiting;
  ports::Outcome outcome;
  MonoTime submitted;
  std::vector<std::pair<ports::ReplyToken, Done>> waiting;
  bool answered_later = false;  // by a later step, where this one has no answer
  Status error;
};

struct Loop::Impl {
  asio::io_context context{1};
  asio::steady_timer timer{context};
  asio::steady_timer retry{context};
  std::vector<std::unique_ptr<asio::steady_timer>> periodic;
  std::deque<Batch> batches;
  uint64_t next_sequence = 1;
  ports::ReplyToken next_token = 1;
  std::map<ports::ReplyToken, Done> deferred;  // callers whom a later step answers; bounded by the core
  uint64_t timer_generation = 0;
  bool retrying = false;  // the store failed: nothing is submitted until the retry
};

Loop::Loop(Options options, Parts parts)
    : options_(options), parts_(parts), catalogue_(options.catalogue), impl_(std::make_unique<Impl>()) {}

Loop::~Loop() = default;

void Loop::SetExecutor(std::function<void(const ports::Action&)> executor) {
  executor_ = std::move(executor);
}

void Loop::Post(ports::Event event, Done done) {
  if (stats_.queue_depth.load() >= options_.queue_max ||
      stats_.uncommitted.load() >= options_.uncommitted_max) {
    done(WithReason(ResourceExhausted("the control loop is overloaded; try again"), "LOOP_OVERLOADED"));
    return;
  }
  ++stats_.queue_depth;
  const Now arrived = ReadClocks();
  asio::post(impl_->context, [this, arrived, event = std::move(event), done = std::move(done)]() mutable {
    --stats_.queue_depth;
    Step(event, arrived.mono, std::move(done));
  });
}

void Loop::Feed(ports::Event event) {
  const bool overloaded = stats_.queue_depth.load() >= options_.queue_max ||
                          stats_.uncommitted.load() >= options_.uncommitted_max;
  if (overloaded && IsMeasurement(event)) {
    ++stats_.dropped_windows;
    return;
  }
  ++stats_.queue_depth;
  const Now arrived = ReadClocks();
  asio::post(impl_->context, [this, arrived, event = std::move(event)] {
    --stats_.queue_depth;
    Step(event, arrived.mono, nullptr);
  });
}

void Loop::Read(std::function<void(Catalogue&)> read) {
  asio::post(impl_->context, [this, read = std::move(read)] { read(catalogue_); });
}

void Loop::Run(std::function<void()> call) {
  asio::post(impl_->context, std::move(call));
}

void Loop::Step(const ports::Event& event, MonoTime arrived, Done done) {
  if (ended_.load()) {
    if (done) {
      done(Unavailable("shadowd is stopping"));
    }
    return;
  }
  ++stats_.events;
  const Now now = ReadClocks();
  stats_.lag_us = (now.mono - arrived).count();
  if (options_.on_event) {
    options_.on_event(control::EventName(event.payload.index()), now.mono - arrived);
  }
  Batch batch;
  batch.sequence = impl_->next_sequence++;
  ports::Event stepped = event;
  if (done) {
    stepped.token = impl_->next_token++;
    batch.waiting.emplace_back(stepped.token, std::move(done));
    batch.answered_later = ports::MayBeAnsweredLater(event.payload);
  }
  batch.outcome = parts_.core.Step(stepped, now);
  if (options_.on_step) {
    options_.on_step(stepped, now, batch.outcome);
  }
  if (batch.outcome.mutations.empty()) {
    batch.state = Batch::State::kDurable;  // still in order behind what is not yet on disk
  }
  impl_->batches.push_back(std::move(batch));
  Submit();
  Finish();
}

void Loop::Submit() {
  if (impl_->retrying) {
    return;
  }
  for (Batch& batch : impl_->batches) {
    if (batch.state != Batch::State::kWaiting) {
      continue;
    }
    const uint64_t sequence = batch.sequence;
    batch.submitted = ReadClocks().mono;
    const Status queued =
        parts_.store.Commit(batch.outcome.mutations, [this, sequence](StatusOr<int64_t> revision) {
          asio::post(impl_->context,
                     [this, sequence, revision = std::move(revision)] { OnCommitted(sequence, revision); });
        });
    if (queued.ok()) {
      batch.state = Batch::State::kSubmitted;
      continue;
    }
    OnCommitted(sequence, queued);
    break;
  }
  CountUncommitted();
}

void Loop::OnCommitted(uint64_t sequence, const StatusOr<int64_t>& revision) {
  for (Batch& batch : impl_->batches) {
    if (batch.sequence != sequence) {
      continue;
    }
    if (revision.ok()) {
      batch.state = Batch::State::kDurable;
    } else if (RefusedForGood(revision.status())) {
      spdlog::error("store=refused error=\"{}\"", MessageOf(revision.status()));
      batch.state = Batch::State::kRefused;
      batch.error = revision.status();
    } else {
      ++stats_.store_failures;
      batch.state = Batch::State::kWaiting;
      if (!impl_->retrying) {
        spdlog::error("store=failed error=\"{}\" action=retry waiting={}", MessageOf(revision.status()),
                      impl_->batches.size());
        impl_->retrying = true;
        impl_->retry.expires_after(kRetryCommit);
        impl_->retry.async_wait([this](const boost::system::error_code& cancelled) {
          impl_->retrying = false;
          if (!cancelled) {
            Submit();
            Finish();
          }
        });
      }
    }
    break;
  }
  Finish();
}

void Loop::Finish() {
  while (!impl_->batches.empty() && (impl_->batches.front().state == Batch::State::kDurable ||
                                     impl_->batches.front().state == Batch::State::kRefused)) {
    Batch batch = std::move(impl_->batches.front());
    impl_->batches.pop_front();
    Complete(batch);
  }
  CountUncommitted();
}

void Loop::Complete(Batch& batch) {
  const bool durable = batch.state == Batch::State::kDurable;
  if (durable) {
    const Now now = ReadClocks();
    if (options_.on_commit && !batch.outcome.mutations.empty()) {
      options_.on_commit(batch.outcome.mutations.size(), now.mono - batch.submitted);
    }
    for (const ports::Mutation& mutation : batch.outcome.mutations) {
      catalogue_.Apply(catalogue_.NextRevision(now.wall), mutation);
    }
    for (const ports::Action& action : batch.outcome.actions) {
      executor_(action);
    }
  }
  const auto answer = [&](const Done& done, const StatusOr<ports::ReplyValue>& value) {
    done(durable ? value : StatusOr<ports::ReplyValue>(batch.error));
  };
  for (auto& [token, done] : batch.waiting) {
    const auto reply = std::find_if(batch.outcome.replies.begin(), batch.outcome.replies.end(),
                                    [&](const ports::Reply& r) { return r.token == token; });
    if (reply != batch.outcome.replies.end()) {
      answer(done, reply->value);
    } else if (durable && batch.answered_later) {
      impl_->deferred.emplace(token, std::move(done));
    } else {
      answer(done, ports::ReplyValue());
    }
  }
  for (const ports::Reply& reply : batch.outcome.replies) {
    if (auto later = impl_->deferred.extract(reply.token)) {
      answer(later.mapped(), reply.value);
    }
  }
}

void Loop::CountUncommitted() {
  stats_.uncommitted = impl_->batches.size();
}

void Loop::ArmTimer(MonoTime at) {
  const uint64_t generation = ++impl_->timer_generation;
  impl_->timer.expires_at(ToSteady(at));
  impl_->timer.async_wait([this, generation, at](const boost::system::error_code& cancelled) {
    if (!cancelled && generation == impl_->timer_generation) {
      Step({model::ServiceId(), ports::TimerFired{}, 0, {}}, at, nullptr);
    }
  });
}

void Loop::Every(Micros period, std::function<void()> tick) {
  impl_->periodic.push_back(std::make_unique<asio::steady_timer>(impl_->context));
  asio::steady_timer& timer = *impl_->periodic.back();
  auto again = std::make_shared<std::function<void()>>();
  *again = [&timer, period, tick = std::move(tick), weak = std::weak_ptr(again)] {
    timer.expires_after(period);
    timer.async_wait([tick, self = weak.lock()](const boost::system::error_code& cancelled) {
      if (!cancelled) {
        tick();
        (*self)();
      }
    });
  };
  (*again)();
}

void Loop::RunUntilStopped() {
  const auto work = asio::make_work_guard(impl_->context);
  impl_->context.run();
}

void Loop::Stop() {
  asio::post(impl_->context, [this] { impl_->context.stop(); });
}

}  // namespace shadowd::daemon
