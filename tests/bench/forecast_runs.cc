#include "bench/forecast_runs.h"

#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/rng.h"
#include "forecast/forecaster.h"

namespace shadowd::bench {
namespace {

constexpr size_t kTracePoints = 20'000;
constexpr double kTestShare = 0.3;
constexpr Micros kStep = std::chrono::minutes(5);
constexpr int kHistory = 4032;  // two weeks

double Demand(int t, Rng& rng) {
  return 300 + 100 * std::sin(t * 2 * std::numbers::pi / 288) + 10 * rng.Normal();
}

forecast::Forecaster Learnt(int horizon, Rng& rng) {
  forecast::Forecaster forecaster(model::ServiceId("speed"),
                                  {.step = kStep, .seasons = {288, 2016}, .horizon_steps = horizon});
  std::vector<std::pair<WallTime, double>> history;
  for (int t = 0; t < kHistory; ++t) {
    history.emplace_back(WallTime(t * kStep), Demand(t, rng));
  }
  forecaster.Import(history);
  forecaster.Adopt(forecast::FitModels(*forecaster.CopyForFit()));
  return forecaster;
}

}  // namespace

StatusOr<lab::HeldOut> SplitSeries(std::span<const lab::NamedSeries> series, Split split) {
  SHADOWD_ASSIGN_OR_RETURN(lab::HeldOut last, lab::HoldOut(series, lab::kM4Horizon));
  return split == Split::kFinal ? last : lab::HoldOut(last.train, lab::kM4Horizon);
}

StatusOr<lab::Evaluation> RunSeries(const lab::HeldOut& data, const std::vector<int>& seasons,
                                    const lab::CpuSeconds& cpu) {
  const lab::EvaluateOptions options{.seasons = seasons, .horizon = lab::kM4Horizon};
  return lab::EvaluateSeries(data.train, data.test, options, cpu);
}

sim::Trace PartOf(sim::Trace trace, Split split) {
  if (split == Split::kFinal) {
    return trace;
  }
  const size_t all = trace.demand_rps.size(), n = std::min(all, kTracePoints);
  const auto training = static_cast<size_t>((1 - kTestShare) * static_cast<double>(n) + 1e-9);
  const auto begin = trace.demand_rps.begin() + static_cast<std::ptrdiff_t>(all - n);
  trace.start += trace.step * static_cast<int64_t>(all - n);
  trace.demand_rps = {begin, begin + static_cast<std::ptrdiff_t>(training)};
  return trace;
}

double UpdateSeconds(const lab::CpuSeconds& cpu) {
  constexpr int kUpdates = 4000;
  Rng rng(1);
  forecast::Forecaster forecaster = Learnt(12, rng);
  const double before = cpu();
  for (int t = kHistory; t < kHistory + kUpdates; ++t) {
    forecaster.Observe(WallTime(t * kStep), Demand(t, rng));
  }
  return (cpu() - before) / kUpdates;
}

// Of many copies, beside which what the allocator keeps for later is little.
double MemoryBytes() {
  constexpr size_t kCopies = 256;
  Rng rng(1);
  const forecast::Forecaster forecaster = Learnt(24, rng);
  const auto in_use = [] {
    const struct mallinfo2 info = mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd);
  };
  const double before = in_use();
  const std::vector<forecast::Forecaster> copies(kCopies, forecaster);
  return (in_use() - before) / kCopies;
}

}  // namespace shadowd::bench
