#include "kpi/buckets.h"

#include <cmath>

namespace shadowd::kpi {

void Buckets::Add(double upper, double count) {
  if (count > 0 && !std::isnan(upper)) {
    counts_[upper] += count;
    total_ += count;
  }
}

void Buckets::Clear() {
  counts_.clear();
  total_ = 0;
}

std::optional<double> Buckets::Quantile(double quantile) const {
  const double rank = quantile * total_;
  double below = 0;
  double lower = 0;
  for (const auto& [upper, count] : counts_) {
    if (below + count >= rank && count > 0) {
      if (std::isinf(upper)) {
        break;
      }
      const double from = upper < lower || upper <= 0 ? upper : lower;
      return from + (upper - from) * (rank - below) / count;
    }
    below += count;
    lower = upper;
  }
  return total_ > 0 && below > 0 ? std::optional(lower) : std::nullopt;
}

}  // namespace shadowd::kpi
