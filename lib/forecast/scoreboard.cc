#include "forecast/scoreboard.h"

#include <algorithm>
#include <cmath>

#include "forecast/blocks.h"

namespace shadowd::forecast {
namespace {

constexpr double kNewest = 1.0 / 1000;     // weight of the newest outcome, once there are that many
constexpr double kNewestPeak = 1.0 / 200;  // windows are longer than steps

double Moved(double mean, double value, int samples, double newest) {
  return mean + std::max(newest, 1.0 / samples) * (value - mean);
}

// Of a limit for the quantile tau: what lies above it counts tau times, what lies below 1 - tau times.
double Pinball(double tau, double limit, double truth) {
  return truth >= limit ? tau * (truth - limit) : (1 - tau) * (limit - truth);
}

}  // namespace

Scoreboard::Scoreboard(int horizon_steps, double coverage)
    : horizon_(std::max(horizon_steps, 1)), miss_(1 - coverage), blocks_(BlockCount(horizon_)) {}

void Scoreboard::Remember(const model::Forecast& forecast) {
  for (size_t b = 0; b < blocks_.size(); ++b) {
    const auto i = static_cast<size_t>(BlockProbe(b, horizon_)) - 1;
    if (i < forecast.steps.size()) {
      const model::ForecastStep& step = forecast.steps[i];
      blocks_[b].pending.push_back({step.at, static_cast<float>(step.expected_rps),
                                    static_cast<float>(step.lower_rps), static_cast<float>(step.upper_rps)});
    }
  }
  if (!peak_ && forecast.peak.within > Micros(0)) {
    peak_ = OpenPeak{forecast.made_at, forecast.made_at + forecast.peak.within, forecast.peak.upper_rps, 0};
  }
}

void Scoreboard::Score(const Pending& said, double truth, Block& block) const {
  ++block.samples;
  const auto mean = [&](double& kept, double value) { kept = Moved(kept, value, block.samples, kNewest); };
  const double over = std::max(truth - said.upper, 0.0), under = std::max(said.lower - truth, 0.0);
  mean(block.inside, over <= 0 && under <= 0 ? 1 : 0);
  mean(block.above, over > 0 ? 1 : 0);
  mean(block.error, std::abs(truth - said.expected));
  mean(block.pinball,
       (Pinball(1 - miss_ / 2, said.upper, truth) + Pinball(miss_ / 2, said.lower, truth)) / 2);
  mean(block.interval, said.upper - said.lower + 2 / miss_ * (over + under));
}

void Scoreboard::Observe(WallTime at, Micros step, double rps) {
  for (Block& block : blocks_) {
    while (!block.pending.empty() && block.pending.front().at < at) {
      block.pending.pop_front();
    }
    if (!block.pending.empty() && block.pending.front().at == at) {
      Score(block.pending.front(), rps, block);
      block.pending.pop_front();
    }
  }
  if (!peak_) {
    return;
  }
  if (at < peak_->from - step || at > peak_->until + step) {  // a clock that jumped
    peak_.reset();
    return;
  }
  peak_->highest = std::max(peak_->highest, rps);
  if (at + step >= peak_->until) {
    ++peaks_;
    peaks_below_ = Moved(peaks_below_, peak_->highest <= peak_->upper ? 1 : 0, peaks_, kNewestPeak);
    peak_.reset();
  }
}

void Scoreboard::Publish(double naive_rps, model::Forecast& forecast) const {
  forecast.blocks.clear();
  for (size_t b = 0; b < blocks_.size(); ++b) {
    const Block& kept = blocks_[b];
    model::ForecastBlock block;
    block.first_step = 1 << b;
    block.last_step = std::min((2 << b) - 1, horizon_);
    block.samples = kept.samples;
    block.coverage = kept.inside;
    block.above = kept.above;
    block.pinball_rps = kept.pinball;
    block.mase = naive_rps > 0 ? kept.error / naive_rps : 0;
    block.msis = naive_rps > 0 ? kept.interval / naive_rps : 0;
    forecast.blocks.push_back(block);
  }
  forecast.peak.coverage_so_far = peaks_below_;
  forecast.peak.coverage_samples = peaks_;
}

}  // namespace shadowd::forecast
