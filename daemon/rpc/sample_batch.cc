#include "daemon/rpc/sample_batch.h"

#include <absl/synchronization/mutex.h>

#include <memory>
#include <utility>
#include <variant>

#include "rpc/convert_sample.h"

namespace shadowd::daemon {
namespace {

constexpr Micros kAheadMax = std::chrono::minutes(1);

struct Progress {
  absl::Mutex mutex;  // a refused event may be answered on the poster's thread
  size_t waiting = 0;
  int accepted = 0;
  Status first_error;
  std::function<void(const Status&, int)> done;

  void Settle(const Status& status) {
    {
      absl::MutexLock lock(&mutex);
      status.ok() ? static_cast<void>(++accepted) : first_error.Update(status);
      if (--waiting > 0) {
        return;
      }
    }
    done(first_error, accepted);
  }
};

ports::Payload EventOf(const rpc::Demand& demand) {
  return ports::DemandSample{demand.at, demand.rps};
}

ports::Payload EventOf(const rpc::Production& production) {
  ports::ProductionWindow window;
  window.service = production.service;
  for (const auto& [replica, kpis] : production.instances) {
    window.instances.push_back({replica, kpis});
  }
  window.serving = production.serving;
  return window;
}

WallTime EndOf(const rpc::Sample& sample) {
  if (const auto* demand = std::get_if<rpc::Demand>(&sample)) {
    return demand->at;
  }
  const model::KpiWindow& window = std::get<rpc::Production>(sample).service;
  return window.start + window.length;
}

}  // namespace

StatusOr<std::vector<ports::Payload>> SampleEvents(
    const google::protobuf::RepeatedPtrField<v1::Sample>& samples, WallTime now) {
  SHADOWD_ASSIGN_OR_RETURN(const std::vector<rpc::Sample> parsed, rpc::FromProto(samples));
  std::vector<ports::Payload> events;
  for (size_t i = 0; i < parsed.size(); ++i) {
    if (EndOf(parsed[i]) > now + kAheadMax) {
      const std::string field =
          fmt::format("samples[{}].{}", i,
                      std::holds_alternative<rpc::Demand>(parsed[i]) ? "demand.time" : "production.service");
      return WithReason(WithField(InvalidArgument("{}: more than {} s ahead of the daemon's clock", field,
                                                  ToSeconds(kAheadMax)),
                                  field),
                        "IN_THE_FUTURE");
    }
    events.push_back(std::visit([](const auto& sample) { return EventOf(sample); }, parsed[i]));
  }
  return events;
}

void PostSamples(Edge& edge, const model::ServiceId& service, std::vector<ports::Payload> events,
                 const std::string& actor, std::function<void(const Status&, int)> done) {
  auto progress = std::make_shared<Progress>();
  progress->waiting = events.size();
  progress->done = std::move(done);
  for (ports::Payload& payload : events) {
    ports::Event event;
    event.service = service;
    event.payload = std::move(payload);
    event.actor = actor;
    edge.dispatcher.Post(std::move(event), [progress](const StatusOr<ports::ReplyValue>& reply) {
      progress->Settle(reply.status());
    });
  }
}

}  // namespace shadowd::daemon
