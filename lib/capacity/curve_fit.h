// The fit behind Curve::Fit: bins the points, rescales the prior, weighs the grid of (xmax, exponent).
// Internal to lib/capacity; lives for one fit, single-threaded.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "capacity/curve.h"
#include "model/kpi.h"

namespace shadowd::capacity {

// Weighted least squares of y = intercept + slope * z with a Gaussian prior N(0, 1 / ridge) on the slope or
// intercept and both kept >= 0.
struct Observation {
  double z = 0, y = 0, weight = 0;
};
struct LineFit {
  double intercept = 0, slope = 0;
  double var_intercept = 0, var_slope = 0, covariance = 0;
};
LineFit FitLine(std::span<const Observation> observations, double ridge_intercept, double ridge_slope);

class CurveFitter {
 public:
  CurveFitter(std::span<const model::CapacityPoint> points, const std::string& version, WallTime now);

  Curve Fit() const;

 private:
  static constexpr size_t kQuantiles = Curve::kQuantiles;

  // A bin of points at about the same load: robust means and what they are worth.
  struct Sample {
    bool own = true;
    bool saturated = false;
    double load = 0;
    double requests = 0;                       // weighted by recency and source
    double weight = 1;                         // of the best point in it
    double per_point = 0;                      // requests of a typical point
    std::array<double, kQuantiles> latency{};  // <= 0: unknown
    double served = 0;                         // rps
    double cpu_cores = -1;
    double memory_bytes = -1;
    double errors = 0;
    double prior_variance = 0;  // relative, of another version's points
  };
  struct Weighted {
    model::CapacityPoint point;
    double weight = 1;
  };

  // A version that takes s times longer per request behaves as the old one with time stretched by s.
  static model::CapacityPoint Stretch(model::CapacityPoint point, double s);
  static std::vector<Sample> Bin(std::span<const Weighted> points, bool own);
  static Sample Merge(std::span<const Weighted* const> points, bool own, bool saturated);
  // How many times longer requests take than by the old curve, where latency and CPU say alike.
  static std::optional<double> TimeRatio(const Curve& old, std::span<const Sample> own);
  // The same by latency alone; nothing where no point shows it.
  static std::optional<double> LatencyRatio(const Curve& old, std::span<const Sample> own);
  // What instances cost each other, from this version's points of production; brings all points to the count
  // of instances of the newest one.
  void RemoveContention();
  // Points of this version from before it changed become a prior, as if another version had shown them.
  void DemoteContradicted();
  static Curve FitSamples(std::span<const Sample> samples);
  static void FitLatency(std::span<const Sample> samples, Curve& curve);
  static void FitCpu(std::span<const Sample> samples, Curve& curve);
  static void FitErrors(std::span<const Sample> samples, Curve& curve);
  static void FitMemory(std::span<const Sample> samples, Curve& curve);
  class LatencyGrid;  // of (xmax, exponent), in latency_fit.cc

  Contention contention_;
  int instances_ = 0;
  std::vector<Weighted> own_;
  std::vector<Weighted> prior_;
};

}  // namespace shadowd::capacity
