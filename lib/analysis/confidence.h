// Confidence sequences: intervals that hold at all sample sizes at once with probability 1 - alpha, so a
// trial may look after every window and stop when it has seen enough. Pure functions.
//
// Quantiles and rates: beta-binomial mixture ratio, a simplification of Howard and Ramdas, "Sequential
// estimation of quantiles" (Bernoulli 2022, arXiv 1906.09712). Samples are taken as independent; correlation
// is handled by the caller, who passes a smaller effective count (see latency_record.h).
#pragma once

namespace shadowd::analysis {

// The mixture's tuning r for which the bound is tightest at intrinsic time v_opt.
double TuningOf(double v_opt, double alpha);

// |S_v| stays below this for all v with probability 1 - alpha, S a sum with variance process v.
double NormalMixtureBound(double v, double v_opt, double alpha);

// ln of the evidence against "the p-quantile is q", where k of t samples were <= q. Evidence of 1 / alpha or
// more rejects it.
double LogQuantileEvidence(double k, double t, double p, double t_opt, double alpha);

// The p-quantile lies in [X_(low), X_(high)] of the order statistics 1..t. low = 0: no lower limit;
// unbounded_above: no upper limit (never read as the largest sample: that alone would break the guarantee).
struct RankInterval {
  double low = 0;
  double high = 0;
  bool unbounded_above = true;
};
// What alpha bounds: an error at either end, or one at each end by itself, for a claim that only one end can
// get wrong. The second is the mixture over one side of p alone, bounded from below: the part of the mixture
// on the other side never exceeds its prior share there.
enum class Ends { kBoth, kEach };
// `design_effect` >= 1 says that t correlated samples are worth t / design_effect independent ones.
RankInterval QuantileRanks(double t, double p, double t_opt, double alpha, double design_effect = 1,
                           Ends ends = Ends::kBoth);

struct Bounds {
  double low = 0;
  double high = 1;
};
// For a rate of which k of t were seen.
Bounds RateBounds(double k, double t, double t_opt, double alpha);

// Half-width for a mean of t normal observations whose deviation is not known but estimated from them (t - 1
// degrees of freedom): the scale-invariant mixture of Lai (Annals of Statistics 4, 1976), as in Wang and
// Ramdas, "Anytime-valid t-tests and confidence sequences" (arXiv 2310.03722). Infinite while t is too small.
double MeanHalfWidth(double t, double deviation, double t_opt, double alpha);

}  // namespace shadowd::analysis
