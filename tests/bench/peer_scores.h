// What R's `forecast` package scores on the same traces: the two tables of a folder of peers, one row a trace
// and method (r_shared.csv), and the best method of every trace, chosen in hindsight (r_best_shared.csv).
// Pure functions.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"

namespace shadowd::bench {

struct PeerScores {
  double mase = 0;
  double msis = 0;
  double seconds = 0;  // CPU of a forecast; of one method only
};
using PeerTable = std::map<std::string, PeerScores>;  // by trace

// Columns trace, method, mase, msis, sec_mean; the rows of one method. Errors are INVALID_ARGUMENT
// "file:line: what".
StatusOr<PeerTable> ParsePeers(std::string_view csv, std::string_view file, const std::string& method);
// Columns trace, mase, msis.
StatusOr<PeerTable> ParseBestPeers(std::string_view csv, std::string_view file);

}  // namespace shadowd::bench
