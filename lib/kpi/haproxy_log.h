// Decodes one line of HAProxy's HTTP log (configuration manual, "HTTP log format") as `option httplog` writes
// it, behind any syslog header (RFC 3164, RFC 5424, raw). A line may end in ` us=N`, the time of the request
// in microseconds:
//
//   http-request set-var(txn.shadowd_start) date(0,us)
//   log-format "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq
//   %hr %hs
//               %{+Q}r us=%[date(0,us),sub(txn.shadowd_start)]"     (one line)
//
// Without it the latency is Ta, whole milliseconds. HAProxy cuts the begin and the end of a request to
// milliseconds before it subtracts; on a kept connection both cuts cancel on average (measured: -19 us,
// deviation 460 us), on the first request of a connection only the end is cut. So Ta is within 1 ms of the
// truth, at most 0.5 ms low on average, and nothing is added to it; quantiles of a few milliseconds need `
// us=`. Views point into the line.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/status.h"

namespace shadowd::kpi {

struct HaproxyLogEntry {
  std::string_view frontend;
  std::string_view backend;
  std::string_view server;       // "<NOSRV>" when none was chosen
  int status = 0;                // -1 when the client left before there was one
  std::string_view termination;  // "----", "sH--" ...
  int64_t active_ms = -1;        // Ta: from the first byte of the request to the last of the answer
  int64_t response_ms = -1;      // Tr: the server's time to its first byte; -1 when there was none
  int64_t queue_ms = -1;         // Tw
  std::optional<uint64_t> active_us;
  std::string_view method;
  std::string_view path;  // with its query; empty when the request was not understood

  uint32_t latency_us() const;
  // 5xx, and what the server or HAProxy broke off. A client that leaves is not the service's fault.
  bool failed() const;
  bool client_left() const;
  bool operator==(const HaproxyLogEntry&) const = default;
};

// INVALID_ARGUMENT names the part that could not be read. Lines of other kinds (TCP log, start and stop
// notices) are INVALID_ARGUMENT too.
StatusOr<HaproxyLogEntry> ParseHaproxyLog(std::string_view line);

}  // namespace shadowd::kpi
