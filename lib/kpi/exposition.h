// The Prometheus text format (0.0.4, and OpenMetrics 1.0 as far as it is the same), and nginx's stub_status
// page as series of the same form. Pure; nothing is copied but values with escapes.
#pragma once

#include <functional>
#include <string_view>

#include "base/status.h"
#include "kpi/series_book.h"

namespace shadowd::kpi {

// Calls `take` for each sample; what it is given is good for the call only, and the time is the caller's to
// set. The error names the line; what came before it was handed over. A page with more than `samples_max`
// samples is refused there.
Status ReadExposition(std::string_view text, size_t samples_max,
                      const std::function<void(const SeriesSample&)>& take);

}  // namespace shadowd::kpi
