// What decoders of pushed series share: where samples go. Pure.
#pragma once

#include <string_view>

#include "kpi/series_book.h"

namespace shadowd::kpi {

// Takes samples; what it is given is good for the call only.
class SampleTaker {
 public:
  virtual ~SampleTaker() = default;
  virtual void Take(const SeriesSample& sample) = 0;
  virtual void Take(const HistogramSample& sample) = 0;
  // A point that is understood but cannot be used, and why.
  virtual void Refuse(std::string_view why) = 0;
};

}  // namespace shadowd::kpi
