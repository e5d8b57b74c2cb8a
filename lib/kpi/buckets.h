// Counts of a histogram by upper bounds, summed over series whose bounds may differ, and the quantiles
// within. Value type; pure.
#pragma once

#include <map>
#include <optional>

namespace shadowd::kpi {

class Buckets {
 public:
  // How many values lie at or below the bound (which may be infinite), but above the bound before it in their
  // own histogram. A negative count is none.
  void Add(double upper, double count);
  double total() const { return total_; }
  void Clear();
  // By a straight line within the bucket, from zero in the first; the highest finite bound where it falls
  // above that. Nothing when empty, or when all lies above every bound.
  std::optional<double> Quantile(double quantile) const;

 private:
  std::map<double, double> counts_;
  double total_ = 0;
};

}  // namespace shadowd::kpi
