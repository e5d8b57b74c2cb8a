#include "forecast/ridge.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <vector>

namespace shadowd::forecast {
namespace {

constexpr double kFar = 2;                     // deviations, from which a row counts less
constexpr double kDeviationOfMedian = 1.4826;  // of a normal variable, by the median of its size
constexpr double kPenaltyOfErrors = 1e-3;

}  // namespace

struct Ridge::Sums {
  Features features;
  double centre = 0;
  Eigen::MatrixXd x;  // a column a step: Fill writes contiguous memory
  Eigen::VectorXd y;
  Eigen::MatrixXd gram;
  Eigen::VectorXd moment;

  double rows() const { return static_cast<double>(y.size()); }
  void Add(const Eigen::MatrixXd& weighted_x, const Eigen::VectorXd& weighted_y) {
    gram = Eigen::MatrixXd::Zero(x.rows(), x.rows());
    gram.selfadjointView<Eigen::Lower>().rankUpdate(weighted_x);
    gram.triangularView<Eigen::StrictlyUpper>() = gram.transpose();
    moment = weighted_x * weighted_y;
  }
  // Of the intercept, these lags, and all that is no lag.
  std::vector<Eigen::Index> RowsOf(const std::vector<int>& lags) const {
    std::vector<Eigen::Index> kept;
    for (Eigen::Index i = 0; i < gram.rows(); ++i) {
      const auto lag = static_cast<size_t>(i) - 1;
      if (i == 0 || lag >= features.lags.size() ||
          std::find(lags.begin(), lags.end(), features.lags[lag]) != lags.end()) {
        kept.push_back(i);
      }
    }
    return kept;
  }
  // A small absolute part keeps a constant series solvable; the intercept is hardly penalised.
  Eigen::LDLT<Eigen::MatrixXd> Factor(double lambda, const std::vector<Eigen::Index>& kept) const {
    Eigen::MatrixXd a = gram(kept, kept);
    for (Eigen::Index i = 0; i < a.rows(); ++i) {
      a(i, i) += (i == 0 ? 1e-6 : lambda) * a(i, i) + 1e-9 * rows();
    }
    return Eigen::LDLT<Eigen::MatrixXd>(a);
  }
};

Ridge::~Ridge() = default;
Ridge::Ridge(Ridge&&) noexcept = default;
Ridge& Ridge::operator=(Ridge&&) noexcept = default;

Ridge::Ridge(Features features, std::span<const double> z, size_t begin, size_t end, int64_t first_step)
    : sums_(std::make_unique<Sums>()) {
  Sums& s = *sums_;
  s.features = std::move(features);
  const auto p = static_cast<Eigen::Index>(s.features.size());
  const auto n = static_cast<Eigen::Index>(end - begin);
  for (size_t t = begin; t < end; ++t) {
    s.centre += z[t] / static_cast<double>(n);
  }
  s.x.resize(p, n);
  s.y.resize(n);
  for (Eigen::Index r = 0; r < n; ++r) {
    const size_t at = begin + static_cast<size_t>(r);
    LinearModel::Fill(s.features, s.centre, z, at, first_step + static_cast<int64_t>(at),
                      std::span<double>(s.x.col(r).data(), static_cast<size_t>(p)));
    s.y(r) = z[at] - s.centre;
  }
  s.Add(s.x, s.y);
}

void Ridge::DiscountOutliers() {
  Sums& s = *sums_;
  const Eigen::VectorXd weights = s.Factor(kPenaltyOfErrors, s.RowsOf(s.features.lags)).solve(s.moment);
  const Eigen::VectorXd errors = (s.y - s.x.transpose() * weights).cwiseAbs();
  std::vector<double> sorted(errors.data(), errors.data() + errors.size());
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  const double far = kFar * kDeviationOfMedian * *middle;
  if (far <= 0) {
    return;
  }
  // A row's weight is the square of what it is multiplied with.
  const Eigen::VectorXd roots = (far / errors.array().max(far)).sqrt();
  s.Add(s.x * roots.asDiagonal(), s.y.cwiseProduct(roots));
}

LinearModel Ridge::Solve(double lambda) const {
  return Solve(lambda, sums_->features.lags);
}

LinearModel Ridge::Solve(double lambda, const std::vector<int>& lags) const {
  const Sums& s = *sums_;
  const std::vector<Eigen::Index> kept = s.RowsOf(lags);
  const auto p = static_cast<Eigen::Index>(kept.size());
  const Eigen::LDLT<Eigen::MatrixXd> factor = s.Factor(lambda, kept);
  const Eigen::VectorXd w = factor.solve(s.moment(kept));
  const Eigen::MatrixXd inverse = factor.solve(Eigen::MatrixXd::Identity(p, p));
  Features features = s.features;
  features.lags = lags;
  return LinearModel(std::move(features), s.centre, std::vector<double>(w.data(), w.data() + w.size()),
                     std::span<const double>(inverse.data(), static_cast<size_t>(inverse.size())));
}

}  // namespace shadowd::forecast
