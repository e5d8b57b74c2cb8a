// Any bytes as the other inputs of shadow-lab: capacity points, recorded requests, predictions and
// conditions. What is understood can be used: an analysis of the requests ends.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lab/analyze.h"
#include "lab/capacity_fit.h"
#include "lab/condition.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shadowd;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto points = lab::ParsePoints(text, "fuzz.csv");
  if (points.ok()) {
    const auto answer = lab::FitCapacity(*points, {.slo = {}, .demand_rps = 100, .loads = {10}});
    if (answer.ok() && !(answer->max_load_rps >= 0)) {
      std::abort();
    }
  }
  const auto prediction = lab::ParsePrediction(text, "fuzz.json");
  if (prediction.ok() && !prediction->known) {
    std::abort();
  }
  const auto slo = lab::ParseSlo({std::string(text)});
  if (slo.ok() && slo->latency_limit <= Micros(0)) {
    std::abort();
  }
  const auto requests = lab::ParseRequests(text, "fuzz.csv");
  if (requests.ok()) {
    lab::AnalyzeInput input;
    input.predicted.known = true;
    input.predicted.p95_us = {40'000, 40'000, 40'000};
    input.samples = *requests;
    if (lab::Analyze(input).samples_used > requests->size()) {
      std::abort();
    }
  }
  return 0;
}
