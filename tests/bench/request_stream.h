// Streams of requests of which the true latency quantiles are known: independent or autoregressive lognormal
// latencies, or those of a simulated M/G/4 server in its steady state. Seeded; a value that its user owns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/rng.h"
#include "model/kpi.h"
#include "sim/arrivals.h"
#include "sim/plant.h"

namespace shadowd::bench {

struct StreamKind {
  std::string name;
  double correlation = 0;  // of neighbours' logarithms
  double utilisation = 0;  // of the server; 0 = no server, lognormal latencies
};

inline constexpr int kWindowRequests = 100;  // of the streams without a server
inline constexpr double kLognormalSigma = 0.6;

struct TrueLatency {
  double p50_us = 0, p95_us = 0, p99_us = 0;
};
// Exact for lognormal latencies, else from two million requests.
TrueLatency TruthOf(const StreamKind& kind);

class RequestStream {
 public:
  // `slower`: every latency times this (not for servers).
  RequestStream(const StreamKind& kind, uint64_t seed, double slower = 1);
  model::KpiWindow Next();  // a second

 private:
  model::KpiWindow NextLognormal();

  StreamKind kind_;
  double slower_;
  Rng rng_;
  double state_;
  int seconds_ = 0;
  std::optional<sim::Plant> plant_;
  std::optional<sim::Arrivals> arrivals_;
};

}  // namespace shadowd::bench
