// Sends many samples over one stream. Messages are kept until the daemon has acknowledged them as durable;
// over a broken connection what was not acknowledged goes again. One thread at a time.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "shadowd/client.h"
#include "shadowd/v1/telemetry.pb.h"

namespace shadowd::client {

class SampleStream {
 public:
  explicit SampleStream(const Client& client);
  ~SampleStream();

  // At most 1000 samples in order of time. Returns when no more than kWindow messages are unacknowledged.
  absl::Status Send(const std::string& service, const std::vector<v1::Sample>& samples);
  // Returns when everything is acknowledged; the stream is closed then.
  absl::Status Close();

  int64_t accepted() const { return accepted_; }
  int64_t refused() const { return refused_; }
  const std::string& refused_reason() const { return refused_reason_; }

  static constexpr size_t kWindow = 16;

 private:
  struct Connection;
  absl::Status ReadUntil(size_t unacknowledged);
  bool ReadOne();
  // Opens the first connection or takes the place of a broken one; its error when another would not help.
  absl::Status Reopen();

  std::shared_ptr<Transport> transport_;
  std::unique_ptr<Connection> connection_;
  std::deque<v1::StreamSamplesRequest> unacknowledged_;
  int64_t next_sequence_ = 1;
  int64_t accepted_ = 0;
  int64_t refused_ = 0;
  std::string refused_reason_;
};

}  // namespace shadowd::client
