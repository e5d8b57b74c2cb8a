// What the daemon and a shim say to each other over a SOCK_SEQPACKET socket, one message a packet. The daemon
// asks for a status, renews the lease of a shadow, tells that the replica was found ready, or orders the
// stop; the shim says how the replica began and how it ended. Pure; packets are outside bytes to both sides.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"
#include "provider/replica_record.h"

namespace shadowd::provider {

inline constexpr size_t kMaxMessageBytes = 32 * 1024;
inline constexpr size_t kMaxOutputTailBytes = 4 * 1024;

enum class RequestKind { kStatus, kRenew, kReady, kStop };
struct ShimRequest {
  RequestKind kind = RequestKind::kStatus;
  Micros grace{0};  // of kStop
  bool operator==(const ShimRequest&) const = default;
};
std::string EncodeRequest(const ShimRequest& request);  // "STATUS", "RENEW", "READY", "STOP 5000000"
StatusOr<ShimRequest> DecodeRequest(std::string_view packet);

// Why the replica is no more.
enum class EndCause { kExited, kStopped, kLeaseLapsed, kTtlReached, kMemoryExceeded, kStartFailed };
const char* EndCauseName(EndCause cause);  // "EXITED" ...

struct ReplicaEnd {
  EndCause cause = EndCause::kExited;
  int exit_code = -1;        // of an exit; -1 = none
  int signal = 0;            // that ended it; 0 = none
  int error_number = 0;      // of kStartFailed
  std::string stage;         // of kStartFailed: "execve /bin/web"
  std::string output_lines;  // the last ones it wrote, at most kMaxOutputTailBytes
  bool operator==(const ReplicaEnd&) const = default;
};

enum class ReportKind { kAlive, kEnded };
struct ShimReport {
  ReportKind kind = ReportKind::kAlive;
  ReplicaRecord record;  // of kAlive
  std::string note;      // of kAlive: which isolation could not be had, and why; "" = all of it
  ReplicaEnd end;        // of kEnded
  bool operator==(const ShimReport&) const = default;
};
std::string EncodeReport(const ShimReport& report);
StatusOr<ShimReport> DecodeReport(std::string_view packet);

// The end as the error that ReplicaFailed carries: NOT_FOUND with reason BINARY_NOT_FOUND and field
// "instance.argv" when there is no such program, else reason EXITED, LEASE_LAPSED, TTL_REACHED,
// MEMORY_EXCEEDED or START_FAILED, with the exit code and the last output lines.
Status DescribeEnd(const ReplicaEnd& end);

}  // namespace shadowd::provider
