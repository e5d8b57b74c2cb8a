// Prometheus remote write 1.0: a WriteRequest, already unpacked. Pure; any bytes are taken.
#pragma once

#include <string_view>

#include "base/status.h"
#include "kpi/push_decoder.h"

namespace shadowd::kpi {

// INVALID_ARGUMENT for malformed bytes, and for a series without a name; what came before was handed over.
// Exemplars, metadata and native histograms are skipped, the last with a refusal.
Status ReadRemoteWrite(std::string_view message, SampleTaker& taker);

}  // namespace shadowd::kpi
