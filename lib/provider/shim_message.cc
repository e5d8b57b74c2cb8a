#include "provider/shim_message.h"

#include <array>
#include <charconv>
#include <cstring>
#include <system_error>
#include <utility>

#include "provider/record_json.h"

namespace shadowd::provider {
namespace {

using nlohmann::json;

constexpr std::array kCauses = {EndCause::kExited,     EndCause::kStopped,        EndCause::kLeaseLapsed,
                                EndCause::kTtlReached, EndCause::kMemoryExceeded, EndCause::kStartFailed};

json EndToJson(const ReplicaEnd& end) {
  return {
      {"cause", EndCauseName(end.cause)}, {"exit_code", end.exit_code}, {"signal", end.signal},
      {"error_number", end.error_number}, {"stage", end.stage},         {"output_lines", end.output_lines}};
}

StatusOr<ReplicaEnd> EndFromJson(const json& value) {
  Status status;
  ReplicaEnd end;
  std::string cause;
  ReadMember(value, "cause", cause, status);
  bool known = false;
  for (const EndCause candidate : kCauses) {
    if (cause == EndCauseName(candidate)) {
      end.cause = candidate;
      known = true;
    }
  }
  if (status.ok() && !known) {
    status = InvalidArgument("report: 'cause' is '{}'", cause);
  }
  const auto read_int = [&](const char* name, int& field) {
    int64_t number = 0;
    ReadMember(value, name, number, status);
    if (status.ok() && (number < -1 || number > 65535)) {
      status = InvalidArgument("report: '{}' is {}", name, number);
    }
    field = static_cast<int>(number);
  };
  read_int("exit_code", end.exit_code);
  read_int("signal", end.signal);
  read_int("error_number", end.error_number);
  ReadMember(value, "stage", end.stage, status);
  ReadMember(value, "output_lines", end.output_lines, status);
  SHADOWD_RETURN_IF_ERROR(status);
  return end;
}

std::string HowItEnded(const ReplicaEnd& end) {
  if (end.signal != 0) {
    return fmt::format("ended by signal {} ({})", end.signal, strsignal(end.signal));
  }
  return end.exit_code >= 0 ? fmt::format("exited with code {}", end.exit_code) : "ended";
}

}  // namespace

const char* EndCauseName(EndCause cause) {
  switch (cause) {
    case EndCause::kExited:
      return "EXITED";
    case EndCause::kStopped:
      return "STOPPED";
    case EndCause::kLeaseLapsed:
      return "LEASE_LAPSED";
    case EndCause::kTtlReached:
      return "TTL_REACHED";
    case EndCause::kMemoryExceeded:
      return "MEMORY_EXCEEDED";
    case EndCause::kStartFailed:
      return "START_FAILED";
  }
  return "EXITED";
}

std::string EncodeRequest(const ShimRequest& request) {
  switch (request.kind) {
    case RequestKind::kStatus:
      return "STATUS";
    case RequestKind::kRenew:
      return "RENEW";
    case RequestKind::kReady:
      return "READY";
    case RequestKind::kStop:
      return fmt::format("STOP {}", request.grace.count());
  }
  return "STATUS";
}

StatusOr<ShimRequest> DecodeRequest(std::string_view packet) {
  if (packet == "STATUS") {
    return ShimRequest{RequestKind::kStatus, {}};
  }
  if (packet == "RENEW") {
    return ShimRequest{RequestKind::kRenew, {}};
  }
  if (packet == "READY") {
    return ShimRequest{RequestKind::kReady, {}};
  }
  constexpr std::string_view kStop = "STOP ";
  int64_t grace_us = 0;
  const char* const last = packet.data() + packet.size();
  if (!packet.starts_with(kStop)) {
    return InvalidArgument("request: wants STATUS, RENEW, READY or STOP");
  }
  const auto [end, error] = std::from_chars(packet.data() + kStop.size(), last, grace_us);
  constexpr int64_t kMaxGraceUs = int64_t{3600} * 1'000'000;
  if (error != std::errc() || end != last || grace_us < 0 || grace_us > kMaxGraceUs) {
    return InvalidArgument("request: STOP wants microseconds of grace, at most an hour");
  }
  return ShimRequest{RequestKind::kStop, Micros(grace_us)};
}

std::string EncodeReport(const ShimReport& report) {
  json value;
  if (report.kind == ReportKind::kAlive) {
    value = {{"kind", "ALIVE"}, {"record", RecordToJson(report.record)}, {"note", report.note}};
  } else {
    value = {{"kind", "ENDED"}, {"end", EndToJson(report.end)}};
  }
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

StatusOr<ShimReport> DecodeReport(std::string_view packet) {
  SHADOWD_ASSIGN_OR_RETURN(const json value, ParseObject(packet, "report"));
  Status status;
  std::string kind;
  ReadMember(value, "kind", kind, status);
  SHADOWD_RETURN_IF_ERROR(status);
  ShimReport report;
  const char* const body_name = kind == "ALIVE" ? "record" : "end";
  const auto body = value.find(body_name);
  if ((kind != "ALIVE" && kind != "ENDED") || body == value.end() || !body->is_object()) {
    return InvalidArgument("report: wants 'kind' ALIVE with a record or ENDED with an end");
  }
  if (kind == "ALIVE") {
    ReadMember(value, "note", report.note, status);
    SHADOWD_RETURN_IF_ERROR(status);
    SHADOWD_ASSIGN_OR_RETURN(report.record, RecordFromJson(*body));
    return report;
  }
  report.kind = ReportKind::kEnded;
  SHADOWD_ASSIGN_OR_RETURN(report.end, EndFromJson(*body));
  return report;
}

Status DescribeEnd(const ReplicaEnd& end) {
  if (end.cause == EndCause::kStartFailed) {
    const Status error = ErrnoStatus(end.error_number, end.stage);
    const bool program = end.stage.starts_with("execve");
    const Status described =
        WithReason(error, program && absl::IsNotFound(error) ? "BINARY_NOT_FOUND" : "START_FAILED");
    return program ? WithField(described, "instance.argv") : described;
  }
  std::string text;
  switch (end.cause) {
    case EndCause::kLeaseLapsed:
      text = "ended: its lease was not renewed";
      break;
    case EndCause::kTtlReached:
      text = "ended: it reached its ttl";
      break;
    case EndCause::kMemoryExceeded:
      text = "ended: it outgrew its memory ceiling";
      break;
    default:
      text = HowItEnded(end);
  }
  if (!end.output_lines.empty()) {
    text += "; its last output: " + end.output_lines;
  }
  return WithReason(Aborted("{}", text), EndCauseName(end.cause));
}

}  // namespace shadowd::provider
