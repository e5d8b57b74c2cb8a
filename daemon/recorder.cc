#include "daemon/recorder.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "daemon/io/journal_file.h"
#include "journal/writer.h"

namespace shadowd::daemon {
namespace {

constexpr uint64_t kEndReserve = 256;  // for the entry that says why nothing follows

}  // namespace

StatusOr<std::unique_ptr<Recorder>> Recorder::Create(Options options, const journal::Start& start) {
  const std::string first = journal::FileHeader() + journal::Encode(start);
  SHADOWD_ASSIGN_OR_RETURN(auto file, io::JournalFile::Create(options.path, first, [](const Status& error) {
                             spdlog::error("journal=failed error=\"{}\"", MessageOf(error));
                           }));
  spdlog::info("journal=recording path={} max_bytes={}", options.path, options.max_bytes);
  return std::unique_ptr<Recorder>(new Recorder(std::move(options), std::move(file), first.size()));
}

Recorder::Recorder(Options options, std::unique_ptr<io::JournalFile> file, uint64_t bytes)
    : options_(std::move(options)), file_(std::move(file)), bytes_(bytes) {}

Recorder::~Recorder() = default;

void Recorder::OnStep(const ports::Event& event, Now now, const ports::Outcome& outcome) {
  if (recording_) {
    ++steps_;
    Write(journal::EncodeStep(event, now, outcome), now.wall);
  }
}

void Recorder::OnOptions(const control::CoreOptions& options, WallTime at) {
  if (recording_) {
    Write(journal::Encode(journal::OptionsChanged{options}), at);
  }
}

void Recorder::OnStop(WallTime at) {
  if (recording_) {
    End("the daemon stopped", at);
  }
}

void Recorder::Write(const std::string& frame, WallTime at) {
  if (file_->Failed()) {  // its line was logged already, and nothing more can be written
    recording_ = false;
  } else if (frame.empty()) {
    End("an event is too long for a frame", at);
  } else if (bytes_ + frame.size() + kEndReserve > options_.max_bytes) {
    End(fmt::format("journal.max_bytes ({}) is reached", options_.max_bytes), at);
  } else if (!file_->Append(frame)) {
    End("the disk does not keep up", at);
  } else {
    bytes_ += frame.size();
  }
}

void Recorder::End(const std::string& reason, WallTime at) {
  recording_ = false;
  file_->AppendLast(journal::Encode(journal::End{at, reason}));
  spdlog::info("journal=ended reason=\"{}\" events={} bytes={}", reason, steps_, bytes_);
}

}  // namespace shadowd::daemon
