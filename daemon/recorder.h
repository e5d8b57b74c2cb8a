// Records what steps the control core into a journal (lib/journal), within a bound: when the next entry would
// not fit, or the disk does not keep up, an entry says so, one line is logged, and recording has ended; when
// the disk refuses, the line alone. Owned by App; made before the loop runs, used on its thread or after it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"
#include "base/time.h"
#include "control/core.h"
#include "journal/entry.h"
#include "ports/event.h"
#include "ports/outcome.h"

namespace shadowd::io {
class JournalFile;
}

namespace shadowd::daemon {

class Recorder {
 public:
  struct Options {
    std::string path;
    uint64_t max_bytes = 0;
  };
  static StatusOr<std::unique_ptr<Recorder>> Create(Options options, const journal::Start& start);
  ~Recorder();  // what waits is written
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void OnStep(const ports::Event& event, Now now, const ports::Outcome& outcome);
  void OnOptions(const control::CoreOptions& options, WallTime at);
  void OnStop(WallTime at);  // the daemon stops

  bool recording() const { return recording_; }
  uint64_t bytes() const { return bytes_; }

 private:
  Recorder(Options options, std::unique_ptr<io::JournalFile> file, uint64_t bytes);
  void Write(const std::string& frame, WallTime at);
  void End(const std::string& reason, WallTime at);

  Options options_;
  std::unique_ptr<io::JournalFile> file_;
  uint64_t bytes_ = 0;
  uint64_t steps_ = 0;
  bool recording_ = true;  // until an end
};

}  // namespace shadowd::daemon
