#include "daemon/intake.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <snappy.h>

#include <utility>
#include <vector>

#include "control/core.h"
#include "daemon/io/reading_event.h"
#include "kpi/otlp.h"

namespace shadowd::daemon {

struct Intake::Counters {
  explicit Counters(prometheus::Registry& registry)
      : samples(prometheus::BuildCounter()
                    .Name("shadowd_ingest_samples_total")
                    .Help("Samples that others pushed, by protocol and what became of them.")
                    .Register(registry)),
        windows(prometheus::BuildCounter()
                    .Name("shadowd_ingest_windows_total")
                    .Help("Windows made of pushed samples; no_service: the rules name one that is not there, "
                          "or that "
                          "is measured otherwise; no_demand: nothing tells its requests.")
                    .Register(registry)),
        batches(prometheus::BuildCounter()
                    .Name("shadowd_ingest_batches_refused_total")
                    .Help("Batches that were malformed or too large, by protocol.")
                    .Register(registry)),
        series(prometheus::BuildGauge()
                   .Name("shadowd_ingest_series")
                   .Help("Pushed series that are told apart.")
                   .Register(registry)
                   .Add({})) {}
  prometheus::Family<prometheus::Counter>&samples, &windows, &batches;
  prometheus::Gauge& series;
};

Intake::Intake(const config::IngestConfig& config, WallReader wall, prometheus::Registry& registry)
    : config_(config),
      wall_(std::move(wall)),
      counters_(std::make_unique<Counters>(registry)),
      ingest_(kpi::RuleTable(config.rules),
              {.interval = config.interval, .series_max = static_cast<size_t>(config.series_max)}, wall_()) {}

Intake::~Intake() = default;

void Intake::Count(const char* protocol, const kpi::BatchOutcome& outcome) {
  for (const kpi::Fate fate : kpi::kAllFates) {
    if (outcome.Of(fate) > 0) {
      counters_->samples.Add({{"protocol", protocol}, {"outcome", kpi::FateName(fate)}})
          .Increment(static_cast<double>(outcome.Of(fate)));
    }
  }
}

Status Intake::TakeRemoteWrite(std::string_view packed) {
  static constexpr const char* kProtocol = "remote_write";
  const auto refuse = [this](Status status) {
    counters_->batches.Add({{"protocol", kProtocol}}).Increment();
    return status;
  };
  size_t length = 0;
  if (!snappy::GetUncompressedLength(packed.data(), packed.size(), &length)) {
    return refuse(InvalidArgument("the body is not packed with snappy, in its block format"));
  }
  if (length > config_.batch_bytes_max) {
    return refuse(ResourceExhausted("the batch is {} bytes unpacked, ingest.batch_bytes_max is {}", length,
                                    config_.batch_bytes_max));
  }
  std::string message(length, '\0');
  if (!snappy::RawUncompress(packed.data(), packed.size(), message.data())) {
    return refuse(InvalidArgument("the body is not packed with snappy, in its block format"));
  }
  StatusOr<kpi::BatchOutcome> outcome = kpi::BatchOutcome();
  {
    const absl::MutexLock lock(&mutex_);
    outcome = ingest_.TakeRemoteWrite(message);
  }
  if (!outcome.ok()) {
    return refuse(outcome.status());
  }
  Count(kProtocol, *outcome);
  return outcome->refused() == 0 ? absl::OkStatus() : InvalidArgument("refused: {}", outcome->Why());
}

StatusOr<std::string> Intake::TakeOtlp(std::string_view message) {
  StatusOr<kpi::BatchOutcome> outcome = kpi::BatchOutcome();
  {
    const absl::MutexLock lock(&mutex_);
    outcome = ingest_.TakeOtlp(message);
  }
  if (!outcome.ok()) {
    counters_->batches.Add({{"protocol", "otlp"}}).Increment();
    return outcome.status();
  }
  Count("otlp", *outcome);
  return kpi::OtlpAnswer(static_cast<int64_t>(outcome->refused()), outcome->Why());
}

void Intake::Tick(const control::Core& core, const std::function<void(ports::Event)>& sink) {
  std::vector<std::pair<std::string, kpi::Reading>> readings;
  {
    const absl::MutexLock lock(&mutex_);
    readings = ingest_.Tick(wall_());
    counters_->series.Set(static_cast<double>(ingest_.series()));
  }
  for (const auto& [name, reading] : readings) {
    const model::ServiceId service(name);
    const bool has_demand = reading.demand_rps.has_value();
    const control::ServiceMachine* machine = core.Find(service);
    const bool taken = has_demand && machine != nullptr && !machine->service().spec.Observed();
    counters_->windows.Add({{"outcome", taken        ? "taken"
                                        : has_demand ? "no_service"
                                                     : "no_demand"}})
        .Increment();
    if (taken) {
      sink({service, io::EventOf(reading), 0, "ingest"});
    }
  }
}

}  // namespace shadowd::daemon
