// The truth that fitted models are held against: weighted least squares by normal equations and Gaussian
// elimination with pivots, in a few lines that can be read. Rows are added with a weight; a quadratic prior
// around given weights is a set of rows too. Value type, for small systems in tests.
#pragma once

#include <cmath>
#include <span>
#include <utility>
#include <vector>

namespace shadowd::forecast {

class LeastSquares {
 public:
  explicit LeastSquares(size_t size) : a_(size, std::vector<double>(size + 1, 0.0)) {}

  void Add(std::span<const double> row, double truth, double weight = 1) {
    for (size_t i = 0; i < a_.size(); ++i) {
      for (size_t j = 0; j < a_.size(); ++j) {
        a_[i][j] += weight * row[i] * row[j];
      }
      a_[i].back() += weight * row[i] * truth;
    }
  }

  std::vector<double> Solve() const {
    std::vector<std::vector<double>> a = a_;
    const size_t n = a.size();
    for (size_t c = 0; c < n; ++c) {
      size_t pivot = c;
      for (size_t r = c + 1; r < n; ++r) {
        pivot = std::abs(a[r][c]) > std::abs(a[pivot][c]) ? r : pivot;
      }
      std::swap(a[c], a[pivot]);
      for (size_t r = 0; r < n; ++r) {
        const double factor = r == c ? 0 : a[r][c] / a[c][c];
        for (size_t j = c; j <= n; ++j) {
          a[r][j] -= factor * a[c][j];
        }
      }
    }
    std::vector<double> x;
    for (size_t c = 0; c < n; ++c) {
      x.push_back(a[c][n] / a[c][c]);
    }
    return x;
  }

 private:
  std::vector<std::vector<double>> a_;  // the normal equations, the right side in the last column
};

}  // namespace shadowd::forecast
