// How large the error of a forecast is going to be, up to a factor. No single answer is best on every
// series, so there are several, and limits weigh them by how well each does: the standard deviation of
// one-step errors, forgetting soon or late; the same times what the time of the season says, since noise at
// noon is not noise at night; and times a power of the expected level, since noise grows with load. The
// factors come from residuals, the standard deviations follow what is observed. Value type.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace shadowd::forecast {

inline constexpr size_t kErrorScales = 5;
using ErrorScales = std::array<float, kErrorScales>;

class ErrorScale {
 public:
  ErrorScale() = default;
  // Residuals of one step at the labels from first_step on, and what had been expected there. At least one.
  ErrorScale(std::span<const double> errors, std::span<const double> expected, int64_t first_step,
             int season);

  void Observe(int64_t step, double expected, double error);
  // Of an error at `step`, of which `expected` is said.
  ErrorScales At(int64_t step, double expected) const;
  double sigma() const { return soon_.plain; }  // of one step
  std::vector<double> Numbers() const;          // all that tells one from another

 private:
  struct Sigmas {
    double plain = 0;
    double by_phase = 0;  // of errors over their phase's factor
  };
  void FitPhases(std::span<const double> errors, int64_t first_step, int season, double sigma);
  void FitLevels(std::span<const double> errors, std::span<const double> expected, double sigma);
  double OfPhase(int64_t step) const;
  double OfLevel(double expected) const;

  Sigmas soon_;
  Sigmas late_;
  double by_level_ = 0;  // sigma of errors over their level's factor
  int season_ = 0;
  std::vector<float> phases_;  // factors, evenly over the season
  double power_ = 0;           // of the level
  double least_level_ = 0;     // added to every level
  double usual_level_ = 0;     // logarithm; the factor is one there
};

// Root mean square with the tails clipped, so that one outage does not widen every limit. At least one error.
double RobustSigma(std::span<const double> errors);

}  // namespace shadowd::forecast
