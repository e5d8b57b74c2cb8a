#include "kpi/buckets.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using shadowd::kpi::Buckets;

TEST_CASE("Quantiles lie on straight lines within the buckets") {
  Buckets buckets;
  buckets.Add(0.1, 50);
  buckets.Add(0.2, 40);
  buckets.Add(std::numeric_limits<double>::infinity(), 10);
  CHECK(buckets.total() == 100);
  CHECK(buckets.Quantile(0.25).value() == Approx(0.05));
  CHECK(buckets.Quantile(0.5).value() == Approx(0.1));
  CHECK(buckets.Quantile(0.7).value() == Approx(0.15));
  CHECK(buckets.Quantile(0.99).value() == Approx(0.2));  // above every bound: the highest that is known
}

TEST_CASE("Nothing counted has no quantile") {
  Buckets buckets;
  CHECK_FALSE(buckets.Quantile(0.5));
  buckets.Add(1, -3);
  buckets.Add(std::nan(""), 3);
  CHECK_FALSE(buckets.Quantile(0.5));
  buckets.Add(std::numeric_limits<double>::infinity(), 3);
  CHECK_FALSE(buckets.Quantile(0.5));
  buckets.Clear();
  CHECK(buckets.total() == 0);
}
