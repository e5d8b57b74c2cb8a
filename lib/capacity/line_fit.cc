#include <algorithm>

#include "capacity/curve_fit.h"

namespace shadowd::capacity {

LineFit FitLine(std::span<const Observation> observations, double ridge_intercept, double ridge_slope) {
  double s = ridge_intercept, sz = 0, szz = ridge_slope, sy = 0, szy = 0;
  for (const Observation& o : observations) {
    s += o.weight;
    sz += o.weight * o.z;
    szz += o.weight * o.z * o.z;
    sy += o.weight * o.y;
    szy += o.weight * o.z * o.y;
  }
  LineFit fit;
  const double determinant = s * szz - sz * sz;
  if (s <= 0 || determinant <= 1e-12 * s * szz) {
    fit.intercept = s > 0 ? sy / s : 0;
    fit.var_intercept = s > 0 ? 1 / s : 0;
    return fit;
  }
  fit.intercept = (szz * sy - sz * szy) / determinant;
  fit.slope = (s * szy - sz * sy) / determinant;
  fit.var_intercept = szz / determinant;
  fit.var_slope = s / determinant;
  fit.covariance = -sz / determinant;
  if (fit.slope < 0) {
    fit.slope = 0;
    fit.intercept = std::max(sy / s, 0.0);
  } else if (fit.intercept < 0) {
    fit.intercept = 0;
    fit.slope = std::max(szy / szz, 0.0);
  }
  return fit;
}

}  // namespace shadowd::capacity
