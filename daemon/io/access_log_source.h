// Production by its access log: a round reads what was appended since the last one. A log that is renamed or
// truncated is followed; what was there before the first round is not read. A log that is missing is missing
// data; one that says nothing says that there was no request. Used by one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/io/telemetry_source.h"
#include "daemon/io/unique_fd.h"
#include "kpi/access_log.h"
#include "model/service.h"

namespace shadowd::io {

class AccessLogSource final : public TelemetrySource {
 public:
  explicit AccessLogSource(const model::ServiceSpec& spec);

  Micros interval() const override { return interval_; }
  Polled Poll(HttpClient& client, WallTime now) override;

 private:
  struct Tally {
    uint64_t requests = 0, errors = 0, strangers = 0;
    std::vector<uint32_t> latency_us;
    std::string stranger;  // what is wrong with the first of them
  };
  Status Open(bool at_end);
  Status Drain(Tally& tally);
  void TakeLines(std::string_view bytes, Tally& tally);
  void TakeLine(std::string_view line, Tally& tally);

  model::AccessLogSource source_;
  Micros interval_;
  UniqueFd file_;
  uint64_t offset_ = 0;
  std::string begun_;  // of a line whose end is not there yet
  bool overlong_ = false;
  WallTime last_;  // of the last round; the epoch: nothing can be counted from
};

}  // namespace shadowd::io
