#include "daemon/io/access_log_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "model/kpi.h"

namespace shadowd::io {
namespace {

constexpr size_t kLineBytesMax = 64 << 10;
constexpr uint64_t kRoundBytesMax =
    256u << 20;  // more than this a round is not read: the window would not be whole
constexpr int kServerError = 500;

}  // namespace

AccessLogSource::AccessLogSource(const model::ServiceSpec& spec)
    : source_(*spec.telemetry.access_log),
      interval_(std::max<Micros>(spec.forecast.resolution, std::chrono::seconds(1))) {}

Status AccessLogSource::Open(bool at_end) {
  file_ = UniqueFd(::open(source_.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat about {};
  if (!file_.valid() || ::fstat(file_.get(), &about) != 0) {
    return ErrnoStatus(errno, source_.path);
  }
  if (!S_ISREG(about.st_mode)) {
    file_ = UniqueFd();
    return FailedPrecondition("{}: not a regular file", source_.path);
  }
  offset_ = at_end ? static_cast<uint64_t>(about.st_size) : 0;
  begun_.clear();
  overlong_ = false;
  return absl::OkStatus();
}

void AccessLogSource::TakeLine(std::string_view line, Tally& tally) {
  const StatusOr<kpi::AccessLogEntry> entry = kpi::ParseAccessLog(line, source_.format);
  if (!entry.ok()) {
    tally.stranger = tally.strangers++ == 0 ? MessageOf(entry.status()) : tally.stranger;
    return;
  }
  ++tally.requests;
  tally.errors += entry->status >= kServerError ? 1 : 0;
  if (entry->latency_us && tally.latency_us.size() < model::kMaxLatencySamples) {
    tally.latency_us.push_back(static_cast<uint32_t>(*entry->latency_us));
  }
}

void AccessLogSource::TakeLines(std::string_view bytes, Tally& tally) {
  for (size_t end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
    if (!overlong_) {
      begun_.append(bytes.substr(0, end));
      if (!begun_.empty()) {
        TakeLine(begun_, tally);
      }
    }
    overlong_ = false;
    begun_.clear();
    bytes.remove_prefix(end + 1);
  }
  if (begun_.size() + bytes.size() > kLineBytesMax) {
    overlong_ = true;
    begun_.clear();
  } else if (!overlong_) {
    begun_.append(bytes);
  }
}

// Everything up to the end of the file that is open.
Status AccessLogSource::Drain(Tally& tally) {
  std::string chunk(256 << 10, '\0');
  for (uint64_t read_now = 0;;) {
    const ssize_t got = ::pread(file_.get(), chunk.data(), chunk.size(), static_cast<off_t>(offset_));
    if (got < 0) {
      return ErrnoStatus(errno, source_.path);
    }
    if (got == 0) {
      return absl::OkStatus();
    }
    offset_ += static_cast<uint64_t>(got);
    read_now += static_cast<uint64_t>(got);
    if (read_now > kRoundBytesMax) {
      SHADOWD_RETURN_IF_ERROR(Open(true));
      return ResourceExhausted("{}: more than {} MiB since the last round; they were left out", source_.path,
                               kRoundBytesMax >> 20);
    }
    TakeLines(std::string_view(chunk).substr(0, static_cast<size_t>(got)), tally);
  }
}

Polled AccessLogSource::Poll(HttpClient&, WallTime now) {
  Polled polled;
  const WallTime since = std::exchange(last_, now);
  if (since == WallTime() || !file_.valid()) {
    polled.status = Open(true);
    last_ = polled.status.ok() ? now : WallTime();
    return polled;
  }
  Tally tally;
  struct stat path {
  }, open{};
  ::fstat(file_.get(), &open);
  if (static_cast<uint64_t>(open.st_size) < offset_) {  // truncated
    offset_ = 0;
    begun_.clear();
  }
  polled.status = Drain(tally);
  const bool there = ::stat(source_.path.c_str(), &path) == 0;
  if (!there) {
    polled.status.Update(ErrnoStatus(errno, source_.path));
  } else if (path.st_ino != open.st_ino || path.st_dev != open.st_dev) {  // renamed, and begun anew
    polled.status.Update(Open(false));
    if (polled.status.ok()) {
      polled.status = Drain(tally);
    }
  }
  if (!polled.status.ok()) {  // part of the window is missing
    last_ = WallTime();
    return polled;
  }
  if (tally.strangers > 0) {
    polled.status = WithReason(InvalidArgument("{}: {} lines were left out; the first: {}", source_.path,
                                               tally.strangers, tally.stranger),
                               "STRANGE_LINES");
    if (tally.requests == 0) {
      return polled;
    }
  }
  ports::ProductionWindow window;
  window.service.start = since;
  window.service.length = now - since;
  if (window.service.length <= Micros(0)) {
    return polled;
  }
  window.service.offered = window.service.completed = tally.requests;
  window.service.errors = tally.errors;
  window.service.latency_us = std::move(tally.latency_us);
  window.service.cpu_seconds = window.service.memory_bytes = -1;
  window.serving = source_.replicas;
  if (source_.replicas > 0) {
    polled.events.emplace_back(std::move(window));
  } else {
    polled.events.emplace_back(
        ports::DemandSample{now, static_cast<double>(tally.requests) / ToSeconds(window.service.length)});
  }
  return polled;
}

}  // namespace shadowd::io
