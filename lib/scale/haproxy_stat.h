// Decodes the CSV that HAProxy answers to `show stat` (management guide, "Statistics and monitoring").
// Columns are found by the name in the header, so newer versions that add columns are read as well. Pure
// functions and plain values; no input makes them fail in any other way than by a status.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace shadowd::scale {

enum class HaproxyRowKind { kFrontend, kBackend, kServer, kListener };

// One row. Counters grow from the start of the HAProxy process and begin anew with a reload.
struct HaproxyRow {
  std::string proxy;
  std::string server;  // "FRONTEND", "BACKEND" or the server's name
  HaproxyRowKind kind = HaproxyRowKind::kServer;
  std::string status;   // "UP", "DOWN", "MAINT", "DRAIN", "no check", "UP 1/3" ...
  std::string address;  // "127.0.0.1:8080"; empty where the socket's level is too low to see it
  std::string
      check_status;  // "L4OK", "L4CON" ..., without the mark of a check in flight; empty when never checked
  std::string last_check;  // in words
  uint64_t id = 0;         // of a server, unique in its backend
  uint64_t weight = 0;     // as configured (uweight), 0..256
  uint64_t sessions = 0;   // now
  uint64_t queued = 0;     // now
  uint64_t sessions_total = 0;
  uint64_t requests_total = 0;   // of a backend: requests routed to it, those that failed at once included
  uint64_t responses_total = 0;  // 1xx to 5xx and other
  uint64_t responses_5xx = 0;

  // Of a backend requests_total counts arrivals; of a server it counts answers, and sessions_total arrivals.
  uint64_t arrivals() const { return kind == HaproxyRowKind::kBackend ? requests_total : sessions_total; }
  bool up() const { return status.starts_with("UP") || status == "no check"; }
  bool operator==(const HaproxyRow&) const = default;
};

struct HaproxyStat {
  std::vector<HaproxyRow> rows;

  const HaproxyRow* Backend(std::string_view proxy) const;  // null when there is none
  const HaproxyRow* Server(std::string_view proxy, std::string_view server) const;
};

inline constexpr size_t kMaxHaproxyRows = 20'000;

// NOT_FOUND when the answer is "No such proxy.", PERMISSION_DENIED when the socket refused, INVALID_ARGUMENT
// (with the line) for what is not such a table.
StatusOr<HaproxyStat> ParseHaproxyStat(std::string_view text);

}  // namespace shadowd::scale
