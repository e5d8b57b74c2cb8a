// How much correlated samples are worth, from the means of consecutive batches of them: the method of batch
// means (Law, "Simulation Modeling and Analysis", 5th ed., 9.5.3; Schmeiser, Operations Research 30, 1982).
// Internal to lib/analysis; pure. A heuristic: no estimate sees a correlation longer than the data.
#pragma once

#include <cstddef>
#include <vector>

namespace shadowd::analysis {

// A single sample's moments.
struct SampleMoments {
  double variance = 1;
  double excess_kurtosis = 0;
};

// How many samples are worth one independent sample, at least 1: `size` times the variance of the means over
// that of a single sample, enlarged for few batches. Batches are joined in pairs as long as neighbours
// correlate; what is left when too few remain is taken for autoregressive. An effect that chance explains
// counts as none. Fewer than kBatchesMin means show nothing: infinite.
double DesignEffect(std::vector<double> means, double size, SampleMoments sample);

inline constexpr size_t kBatchesMin = 8;

}  // namespace shadowd::analysis
