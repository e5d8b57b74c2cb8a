#include "sim/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace shadowd::sim {
namespace {

constexpr double kGap = std::numeric_limits<double>::quiet_NaN();
constexpr double kRpsMax = 1e9;
constexpr int kBridgeMedians = 4;

std::string Named(const TraceOptions& options) {
  return options.name.empty() ? "the trace" : fmt::format("trace \"{}\"", options.name);
}

Status Wrong(const TraceOptions& options, size_t row, const std::string& what) {
  return WithField(InvalidArgument("{}: sample {}: {}", Named(options), row + 1, what), "trace");
}

Status CheckSamples(std::span<const TraceSample> samples, const TraceOptions& options) {
  for (size_t i = 0; i < samples.size(); ++i) {
    const double rps = samples[i].rps;
    if (std::isinf(rps)) {
      return Wrong(options, i, "the value is infinite; leave it empty where nothing is known");
    }
    if (rps < 0) {
      return Wrong(options, i, fmt::format("the value {} is negative; demand is at least 0 requests/s", rps));
    }
    if (rps > kRpsMax) {
      return Wrong(options, i,
                   fmt::format("{} requests/s is more than {}; are the units right?", rps, kRpsMax));
    }
    if (i > 0 && samples[i].at == samples[i - 1].at) {
      return Wrong(options, i,
                   fmt::format("the time {} s occurs twice", ToMicros(samples[i].at) / 1'000'000));
    }
    if (i > 0 && samples[i].at < samples[i - 1].at) {
      return Wrong(options, i, "the time is earlier than that of the sample before; sort them");
    }
  }
  return Status();
}

Micros Bridge(std::span<const TraceSample> samples, const TraceOptions& options) {
  if (options.bridge > Micros(0)) {
    return options.bridge;
  }
  std::vector<Micros> distances;
  for (size_t i = 1; i < samples.size(); ++i) {
    distances.push_back(samples[i].at - samples[i - 1].at);
  }
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::nth_element(distances.begin(), middle, distances.end());
  return kBridgeMedians * *middle;
}

// Fills steps between two samples that are near enough by the line through them.
class Resampler {
 public:
  Resampler(WallTime start, Micros step, size_t steps, Micros bridge)
      : start_(start),
        step_(step),
        bridge_(bridge),
        sums_(steps, 0),
        counts_(steps, 0),
        lines_(steps, kGap) {}

  void Add(const TraceSample& sample) {
    const auto at = static_cast<size_t>((sample.at - start_) / step_);
    sums_[at] += sample.rps;
    ++counts_[at];
    if (last_step_ >= 0 && sample.at - last_.at <= bridge_) {
      for (auto i = static_cast<size_t>(last_step_) + 1; i < at; ++i) {
        const WallTime middle = start_ + step_ * static_cast<int64_t>(i) + step_ / 2;
        const double share = ToSeconds(middle - last_.at) / ToSeconds(sample.at - last_.at);
        lines_[i] = last_.rps + std::clamp(share, 0.0, 1.0) * (sample.rps - last_.rps);
      }
    }
    last_ = sample;
    last_step_ = static_cast<int64_t>(at);
  }

  std::vector<double> Take() {
    for (size_t i = 0; i < lines_.size(); ++i) {
      lines_[i] = counts_[i] > 0 ? sums_[i] / static_cast<double>(counts_[i]) : lines_[i];
    }
    return std::move(lines_);
  }

 private:
  WallTime start_;
  Micros step_;
  Micros bridge_;
  std::vector<double> sums_;
  std::vector<int64_t> counts_;
  std::vector<double> lines_;
  TraceSample last_;
  int64_t last_step_ = -1;
};

Status CheckResult(const Trace& trace, const TraceOptions& options) {
  const std::vector<double>& demand = trace.demand_rps;
  int64_t longest = 0, run = 0;
  for (const double rps : demand) {
    run = std::isnan(rps) ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const auto gaps = static_cast<double>(
      std::count_if(demand.begin(), demand.end(), [](double v) { return std::isnan(v); }));
  const double share = gaps / static_cast<double>(demand.size());
  if (share > options.gap_share_max) {
    return WithField(
        InvalidArgument("{}: {:.0f} % of it is gaps (at most {:.0f} % may be), the longest of {:.3g} h",
                        Named(options), 100 * share, 100 * options.gap_share_max,
                        ToSeconds(trace.step * longest) / 3600),
        "trace");
  }
  if (std::none_of(demand.begin(), demand.end(), [](double v) { return v > 0; })) {
    return WithField(InvalidArgument("{}: demand is zero throughout", Named(options)), "trace");
  }
  return Status();
}

}  // namespace

StatusOr<Trace> MakeTrace(std::span<const TraceSample> samples, const TraceOptions& options) {
  if (options.step <= Micros(0)) {
    return WithField(InvalidArgument("the step must be above 0"), "step");
  }
  SHADOWD_RETURN_IF_ERROR(CheckSamples(samples, options));
  std::vector<TraceSample> known;
  std::copy_if(samples.begin(), samples.end(), std::back_inserter(known),
               [](const TraceSample& sample) { return !std::isnan(sample.rps); });
  if (known.size() < 2) {
    return WithField(
        InvalidArgument("{}: {} samples have a value; at least 2 are needed", Named(options), known.size()),
        "trace");
  }
  const Micros length = known.back().at - known.front().at;
  if (length < options.shortest) {
    return WithField(
        InvalidArgument("{}: {:.3g} h long; at least {:.3g} h are needed (times are taken as seconds)",
                        Named(options), ToSeconds(length) / 3600, ToSeconds(options.shortest) / 3600),
        "trace");
  }
  if (length / options.step >= options.steps_max) {
    return WithField(
        InvalidArgument("{}: {:.0f} days in steps of {:.3g} s are more than {} steps; are its times seconds?",
                        Named(options), ToSeconds(length) / 86400, ToSeconds(options.step),
                        options.steps_max),
        "trace");
  }
  Trace trace;
  trace.name = options.name;
  trace.step = options.step;
  trace.start = known.front().at;
  // Distances are those of all rows: rows without a value tell how often there should have been one.
  Resampler resampler(trace.start, trace.step, static_cast<size_t>(length / trace.step) + 1,
                      Bridge(samples, options));
  for (const TraceSample& sample : known) {
    resampler.Add(sample);
  }
  trace.demand_rps = resampler.Take();
  SHADOWD_RETURN_IF_ERROR(CheckResult(trace, options));
  return trace;
}

StatusOr<Trace> ScaledToPeak(Trace trace, double peak_rps) {
  if (!std::isfinite(peak_rps) || peak_rps <= 0 || peak_rps > kRpsMax) {
    return WithField(
        InvalidArgument("the peak is {}; it must be above 0 and at most {} requests/s", peak_rps, kRpsMax),
        "peak");
  }
  double peak = 0;
  for (const double rps : trace.demand_rps) {
    peak = rps > peak ? rps : peak;  // false for a gap
  }
  if (peak <= 0) {
    return WithField(InvalidArgument("trace \"{}\": demand is zero throughout", trace.name), "trace");
  }
  for (double& rps : trace.demand_rps) {
    rps *= peak_rps / peak;
  }
  return trace;
}

StatusOr<TraceSplit> SplitTrace(const Trace& trace, double history_share) {
  if (!(history_share >= 0 && history_share < 1)) {
    return WithField(
        InvalidArgument("the share of history is {}; it must be at least 0 and below 1", history_share),
        "history_share");
  }
  const auto at = static_cast<std::ptrdiff_t>(history_share * static_cast<double>(trace.demand_rps.size()));
  TraceSplit split{trace, trace};
  split.history.demand_rps.resize(static_cast<size_t>(at));
  split.play.demand_rps.erase(split.play.demand_rps.begin(), split.play.demand_rps.begin() + at);
  split.play.start = trace.start + trace.step * static_cast<int64_t>(at);
  if (split.play.demand_rps.empty()) {
    return WithField(InvalidArgument("trace \"{}\": nothing is left to play", trace.name), "trace");
  }
  return split;
}

Trace WithEvents(const Trace& play, std::span<const SceneEvent> events) {
  Trace out = play;
  double last = 0;
  const auto first =
      std::find_if(play.demand_rps.begin(), play.demand_rps.end(), [](double v) { return !std::isnan(v); });
  if (first != play.demand_rps.end()) {
    last = *first;
  }
  Micros at = play.step / 2;
  for (double& rps : out.demand_rps) {
    last = std::isnan(rps) ? last : rps;
    rps = last * DemandFactor(events, at);
    at += play.step;
  }
  return out;
}

double NoisyDemand(double demand_rps, Micros step, Rng& rng) {
  const double mean = demand_rps * ToSeconds(step);
  double count = 0;
  if (mean > 50) {
    count = std::max(0.0, std::floor(mean + std::sqrt(mean) * rng.Normal() + 0.5));
  } else {
    for (double sum = rng.Exponential(1); sum <= mean; sum += rng.Exponential(1)) {
      ++count;
    }
  }
  return count / ToSeconds(step);
}

}  // namespace shadowd::sim
