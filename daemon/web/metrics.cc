#include "daemon/web/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>

#include "daemon/rpc/catalogue.h"

namespace shadowd::daemon {
namespace {

template <typename Builder>
auto& Register(Builder builder, const char* name, const char* help, prometheus::Registry& registry) {
  return builder.Name(name).Help(help).Register(registry);
}

const prometheus::Histogram::BucketBoundaries kSeconds{1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2,
                                                       0.1,  0.3,  1,    3,    10};

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& rpc_calls =
      Register(prometheus::BuildCounter(), "shadowd_rpc_calls_total", "Calls answered, by method and status.",
               registry);
  prometheus::Family<prometheus::Histogram>& rpc_seconds =
      Register(prometheus::BuildHistogram(), "shadowd_rpc_seconds", "From the call to its answer.", registry);
  prometheus::Family<prometheus::Counter>& events =
      Register(prometheus::BuildCounter(), "shadowd_events_total", "Events the control core took.", registry);
  prometheus::Histogram& loop_lag = Register(prometheus::BuildHistogram(), "shadowd_loop_lag_seconds",
                                             "How long an event waited for the loop.", registry)
                                        .Add({}, kSeconds);
  prometheus::Histogram& commit_seconds = Register(prometheus::BuildHistogram(), "shadowd_commit_seconds",
                                                   "Time to make a step durable.", registry)
                                              .Add({}, kSeconds);
  prometheus::Counter& mutations =
      Register(prometheus::BuildCounter(), "shadowd_mutations_total", "Durable changes written.", registry)
          .Add({});
  prometheus::Family<prometheus::Gauge>& queues =
      Register(prometheus::BuildGauge(), "shadowd_queue_depth", "Items that wait in a queue.", registry);
  prometheus::Family<prometheus::Gauge>& resources =
      Register(prometheus::BuildGauge(), "shadowd_resources", "Resources held, by noun.", registry);
  prometheus::Family<prometheus::Gauge>& trials =
      Register(prometheus::BuildGauge(), "shadowd_trials", "Trials held, by state.", registry);
  prometheus::Family<prometheus::Gauge>& shadows =
      Register(prometheus::BuildGauge(), "shadowd_shadows", "Shadows held, by state.", registry);
  prometheus::Family<prometheus::Gauge>& decisions =
      Register(prometheus::BuildGauge(), "shadowd_decisions", "Decisions held, by kind.", registry);
  prometheus::Gauge& frozen =
      Register(prometheus::BuildGauge(), "shadowd_frozen", "1 while the kill switch is on.", registry)
          .Add({});
  prometheus::Gauge& watchers =
      Register(prometheus::BuildGauge(), "shadowd_watchers", "Watch streams that are open.", registry)
          .Add({});
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::CountRpc(const std::string& method, const std::string& code, Micros took) {
  families_->rpc_calls.Add({{"method", method}, {"code", code}}).Increment();
  families_->rpc_seconds.Add({{"method", method}}, kSeconds).Observe(ToSeconds(took));
}

void Metrics::CountEvent(const std::string& kind, Micros lag) {
  families_->events.Add({{"kind", kind}}).Increment();
  families_->loop_lag.Observe(ToSeconds(lag));
}

void Metrics::CountCommit(size_t mutations, Micros took) {
  families_->commit_seconds.Observe(ToSeconds(took));
  families_->mutations.Increment(static_cast<double>(mutations));
}

void Metrics::SetQueueDepth(const std::string& queue, size_t depth) {
  families_->queues.Add({{"queue", queue}}).Set(static_cast<double>(depth));
}

namespace {

// A state that nobody is in any more keeps its series at zero rather than at its last value.
void SetTally(prometheus::Family<prometheus::Gauge>& family, const char* label,
              const std::map<std::string, int64_t>& tally) {
  for (const prometheus::MetricFamily& collected : family.Collect()) {
    for (const prometheus::ClientMetric& metric : collected.metric) {
      if (!metric.label.empty() && !tally.contains(metric.label.front().value)) {
        family.Add({{label, metric.label.front().value}}).Set(0);
      }
    }
  }
  for (const auto& [name, count] : tally) {
    family.Add({{label, name}}).Set(static_cast<double>(count));
  }
}

}  // namespace

void Metrics::Observe(const Catalogue& catalogue) {
  for (const Noun noun : kAllNouns) {
    families_->resources.Add({{"noun", NounName(noun)}}).Set(static_cast<double>(catalogue.size(noun)));
  }
  SetTally(families_->trials, "state", catalogue.tally(Noun::kTrial));
  SetTally(families_->shadows, "state", catalogue.tally(Noun::kShadow));
  SetTally(families_->decisions, "kind", catalogue.tally(Noun::kDecision));
  families_->frozen.Set(catalogue.frozen() ? 1 : 0);
  families_->watchers.Set(static_cast<double>(catalogue.watchers()));
}

prometheus::Registry& Metrics::registry() {
  return families_->registry;
}

std::string Metrics::Text() const {
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

}  // namespace shadowd::daemon
