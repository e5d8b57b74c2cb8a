// A ratio of two sums over windows, in bounded memory: CPU seconds per request, errors per request. It keeps
// the windows (joined in pairs when they become many) to see how they scatter and whether neighbours
// correlate. Owned by an ArmRecord; value type.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "model/kpi.h"

namespace shadowd::analysis {

class RatioRecord {
 public:
  void Add(double amount, double exposure);  // exposure > 0

  int windows() const { return windows_; }
  double amount() const { return amount_; }
  double exposure() const { return exposure_; }
  double Ratio() const { return exposure_ > 0 ? amount_ / exposure_ : 0; }

  // The ratio with its confidence sequence, windows taken for normal and correlation counted; nullopt while
  // there are too few windows to tell how they scatter.
  std::optional<model::Interval> MeanInterval(double alpha) const;

  // Where amounts count events among `exposure` tries: how many tries are worth one independent try. While
  // few windows are known, the events of a window count as one burst.
  double EventDesignEffect() const;

 private:
  struct Window {
    double amount = 0, exposure = 0;
  };
  std::vector<double> Residuals() const;

  static constexpr size_t kWindowsMax = 512;

  std::vector<Window> kept_;  // each the sum of `joined_` windows, the last one perhaps of fewer
  int joined_ = 1;
  int windows_ = 0;
  double amount_ = 0, exposure_ = 0;
};

}  // namespace shadowd::analysis
