#include "model/kpi.h"

#include <google/protobuf/generated_enum_reflection.h>

#include <array>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <utility>

#include "shadowd/v1/trials.pb.h"

namespace shadowd::model {
namespace {

constexpr std::array<std::pair<KpiKind, Interval KpiPrediction::*>, 7> kMembers = {
    {{KpiKind::kLatencyP50, &KpiPrediction::p50_us},
     {KpiKind::kLatencyP95, &KpiPrediction::p95_us},
     {KpiKind::kLatencyP99, &KpiPrediction::p99_us},
     {KpiKind::kThroughput, &KpiPrediction::throughput_ratio},
     {KpiKind::kErrorRate, &KpiPrediction::error_rate},
     {KpiKind::kCpuPerRequest, &KpiPrediction::cpu_us_per_request},
     {KpiKind::kMemory, &KpiPrediction::memory_bytes}}};

TEST_CASE("What is written to one member of a prediction is read by its KPI and by no other") {
  static_assert(kMembers.size() == kAllKpis.size());
  const Interval written{7, 6, 8};
  for (const auto& [own, member] : kMembers) {
    KpiPrediction prediction;
    prediction.*member = written;
    for (const KpiKind kind : kAllKpis) {
      CAPTURE(KpiName(own), KpiName(kind));
      CHECK((prediction.Of(kind) == written) == (kind == own));
    }
  }
}

TEST_CASE("The list of KPIs has each that the API knows, once and in its order") {
  const auto* type = google::protobuf::GetEnumDescriptor<v1::KpiDelta::Kpi>();
  REQUIRE(type->value_count() == static_cast<int>(kAllKpis.size()) + 1);  // and UNSPECIFIED
  for (size_t i = 0; i < kAllKpis.size(); ++i) {
    CHECK(static_cast<size_t>(kAllKpis[i]) == i);
  }
}

// Stored models keep tolerances and past errors under these names, so a new spelling would lose them.
TEST_CASE("KPIs are named as in stored models") {
  const std::array<std::string, kAllKpis.size()> stored = {
      "latency_p50_us", "latency_p95_us",     "latency_p99_us", "throughput_ratio",
      "error_rate",     "cpu_us_per_request", "memory_bytes"};
  std::set<std::string> seen;
  for (size_t i = 0; i < kAllKpis.size(); ++i) {
    CHECK(KpiName(kAllKpis[i]) == stored[i]);
    seen.insert(KpiName(kAllKpis[i]));
  }
  CHECK(seen.size() == kAllKpis.size());
}

}  // namespace
}  // namespace shadowd::model
