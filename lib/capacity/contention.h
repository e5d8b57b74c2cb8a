// What instances cost each other on what they share (a database, a lock): the universal scalability law of
// Gunther, "Guerrilla Capacity Planning" (2007), ch. 4. With n instances a request takes
// 1 + sigma (n - 1) + kappa n (n - 1) times as long as beside none. Fitted from production at several
// instance counts; one shadow beside production cannot show it. Value type; pure.
#pragma once

#include <span>

namespace shadowd::capacity {

struct Contention {
  double sigma = 0;  // of waiting for each other
  double kappa = 0;  // of keeping each other coherent

  bool known() const { return sigma > 0 || kappa > 0; }
  double TimeAt(int instances) const;
};

// How many times longer requests took with so many instances than the mean of all points at the same load.
struct TimeSeen {
  int instances = 0;
  double ratio = 1;
  double weight = 1;
};

// None unless at least three counts, the largest half as many again as the smallest, show times that grow by
// a tenth in between and follow the law.
Contention FitContention(std::span<const TimeSeen> seen);

}  // namespace shadowd::capacity
