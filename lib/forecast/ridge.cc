#include "forecast/ridge.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <vector>

namespace shadowd::forecast {

struct Ridge::Sums {
  Features features;
  double centre = 0;
  Eigen::MatrixXd gram;
  Eigen::VectorXd moment;
  double rows = 0;
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
  Eigen::MatrixXd x(p, n);  // a column a step: Fill writes contiguous memory
  Eigen::VectorXd y(n);
  for (Eigen::Index r = 0; r < n; ++r) {
    const size_t at = begin + static_cast<size_t>(r);
    LinearModel::Fill(s.features, s.centre, z, at, first_step + static_cast<int64_t>(at),
                      std::span<double>(x.col(r).data(), static_cast<size_t>(p)));
    y(r) = z[at] - s.centre;
  }
  s.gram = Eigen::MatrixXd::Zero(p, p);
  s.gram.selfadjointView<Eigen::Lower>().rankUpdate(x);
  s.gram.triangularView<Eigen::StrictlyUpper>() = s.gram.transpose();
  s.moment = x * y;
  s.rows = static_cast<double>(n);
}

LinearModel Ridge::Solve(double lambda) const {
  const Sums& s = *sums_;
  Eigen::MatrixXd a = s.gram;
  // A small absolute part keeps a constant series solvable; the intercept is hardly penalised.
  for (Eigen::Index i = 0; i < a.rows(); ++i) {
    a(i, i) += (i == 0 ? 1e-6 : lambda) * s.gram(i, i) + 1e-9 * s.rows;
  }
  const Eigen::LDLT<Eigen::MatrixXd> factor(a);
  const Eigen::VectorXd w = factor.solve(s.moment);
  const Eigen::MatrixXd inverse = factor.solve(Eigen::MatrixXd::Identity(a.rows(), a.cols()));
  return LinearModel(s.features, s.centre, std::vector<double>(w.data(), w.data() + w.size()),
                     std::vector<double>(inverse.data(), inverse.data() + inverse.size()));
}

}  // namespace shadowd::forecast
