#include "daemon/rpc/daemon_service.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "daemon/rpc/catalogue.h"
#include "daemon/rpc/command.h"
#include "rpc/convert_basic.h"
#include "rpc/convert_intent.h"
#include "rpc/page_token.h"

namespace shadowd::daemon {
namespace {

constexpr size_t kReasonMax = 256;
constexpr const char* kAuditQuery = "audit";

v1::DaemonStatus StatusNow(const Edge& edge, const Catalogue& catalogue) {
  v1::DaemonStatus status;
  status.set_name("daemon");
  status.set_version(edge.hooks.version);
  rpc::ToProto(edge.hooks.start_time, status.mutable_start_time());
  status.set_pid(edge.hooks.pid);
  status.set_frozen(catalogue.frozen());
  status.set_freeze_reason(catalogue.frozen_reason());
  status.set_services(static_cast<int32_t>(catalogue.size(Noun::kService)));
  status.set_instances(static_cast<int32_t>(catalogue.live(Noun::kInstance)));
  status.set_shadows(static_cast<int32_t>(catalogue.live(Noun::kShadow)));
  status.set_revision(catalogue.revision());
  status.set_compaction_revision(catalogue.compaction_revision());
  status.set_state(edge.serving ? v1::DaemonStatus::READY : v1::DaemonStatus::STARTING);
  if (edge.hooks.complete_status) {
    edge.hooks.complete_status(status);
  }
  if (edge.serving && status.degraded_reasons_size() > 0) {
    status.set_state(v1::DaemonStatus::DEGRADED);
  }
  if (edge.dispatcher.Draining()) {
    status.set_state(v1::DaemonStatus::DRAINING);
  }
  return status;
}

template <typename Call>
void AnswerStatus(Call call) {
  call->edge().dispatcher.Read(
      [call](Catalogue& catalogue) { call->Answer(StatusNow(call->edge(), catalogue)); });
}

Status CheckReason(const std::string& reason) {
  const bool printable =
      std::none_of(reason.begin(), reason.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
  if (!printable || reason.size() > kReasonMax) {
    return WithReason(
        WithField(InvalidArgument("reason: at most {} bytes without control characters", kReasonMax),
                  "reason"),
        "OUT_OF_BOUNDS");
  }
  return absl::OkStatus();
}

// A page ends at the sequence of its last entry; the next one holds what is older.
StatusOr<int64_t> AuditBefore(const std::string& token) {
  SHADOWD_ASSIGN_OR_RETURN(const std::string key, rpc::DecodePageToken(token, kAuditQuery));
  if (key.empty()) {
    return std::numeric_limits<int64_t>::max();
  }
  int64_t sequence = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), sequence);
  if (error != std::errc() || end != key.data() + key.size()) {
    return WithReason(WithField(InvalidArgument("page_token: not one of this listing"), "page_token"),
                      "INVALID_PAGE_TOKEN");
  }
  return sequence;
}

v1::ListAuditEntriesResponse AuditPage(const std::vector<model::AuditRow>& rows, size_t size) {
  v1::ListAuditEntriesResponse page;
  for (size_t i = 0; i < rows.size() && i < size; ++i) {
    rpc::ToProto(rows[i].entry, page.add_audit_entries());
  }
  if (rows.size() > size) {
    page.set_next_page_token(rpc::EncodePageToken(std::to_string(rows[size - 1].sequence), kAuditQuery));
  }
  return page;
}

}  // namespace

grpc::ServerUnaryReactor* DaemonService::GetStatus(grpc::CallbackServerContext* context,
                                                   const v1::GetStatusRequest* request,
                                                   v1::DaemonStatus* response) {
  return Serve(edge_, context, "Daemon.GetStatus", request, response, [](auto call, auto checked) {
    if (!checked->name().empty() && checked->name() != "daemon") {
      return call->Answer(
          WithReason(WithField(InvalidArgument("name: expected 'daemon', got '{}'", checked->name()), "name"),
                     "INVALID_NAME"));
    }
    AnswerStatus(call);
  });
}

grpc::ServerUnaryReactor* DaemonService::SetFreeze(grpc::CallbackServerContext* context,
                                                   const v1::SetFreezeRequest* request,
                                                   v1::DaemonStatus* response) {
  return Serve(edge_, context, "Daemon.SetFreeze", request, response, [](auto call, auto checked) {
    if (const Status status = CheckReason(checked->reason()); !status.ok()) {
      return call->Answer(status);
    }
    ports::Event event;
    event.payload = ports::Freeze{checked->frozen(), checked->reason()};
    event.actor = call->actor();
    call->edge().dispatcher.Post(std::move(event), [call](const StatusOr<ports::ReplyValue>& reply) {
      return reply.ok() ? AnswerStatus(call) : call->Answer(reply.status());
    });
  });
}

grpc::ServerUnaryReactor* DaemonService::ListAuditEntries(grpc::CallbackServerContext* context,
                                                          const v1::ListAuditEntriesRequest* request,
                                                          v1::ListAuditEntriesResponse* response) {
  return Serve(edge_, context, "Daemon.ListAuditEntries", request, response, [](auto call, auto checked) {
    const auto size = rpc::PageSize(checked->page_size());
    const auto before = AuditBefore(checked->page_token());
    if (!size.ok() || !before.ok()) {
      return call->Answer(!size.ok() ? size.status() : before.status());
    }
    call->edge().hooks.list_audit(
        *before, static_cast<int>(*size) + 1,
        [call, size = *size](const StatusOr<std::vector<model::AuditRow>>& rows) {
          call->Answer(rows.ok() ? StatusOr<v1::ListAuditEntriesResponse>(AuditPage(*rows, size))
                                 : StatusOr<v1::ListAuditEntriesResponse>(rows.status()));
        });
  });
}

}  // namespace shadowd::daemon
