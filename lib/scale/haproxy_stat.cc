#include "scale/haproxy_stat.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace shadowd::scale {
namespace {

enum Column {
  kProxy,
  kServer,
  kType,
  kStatus,
  kAddress,
  kCheckStatus,
  kLastCheck,
  kId,
  kWeight,
  kUserWeight,
  kSessions,
  kQueued,
  kSessionsTotal,
  kRequestsTotal,
  kResponses1xx,
  kResponses2xx,
  kResponses3xx,
  kResponses4xx,
  kResponses5xx,
  kResponsesOther,
  kColumnCount
};
constexpr std::array<std::string_view, kColumnCount> kColumnNames = {
    "# pxname", "svname",   "type",     "status",   "addr",     "check_status", "last_chk",
    "sid",      "weight",   "uweight",  "scur",     "qcur",     "stot",         "req_tot",
    "hrsp_1xx", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx", "hrsp_other"};
constexpr std::array kRequired = {kProxy, kServer, kType, kStatus, kSessions, kSessionsTotal};
constexpr size_t kMaxColumns = 512;

using Fields = std::vector<std::string>;

// RFC 4180 within one line: HAProxy quotes fields that hold commas or quotes and never breaks a line inside
// one.
Fields SplitCsv(std::string_view line) {
  Fields fields(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += '"';
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      if (fields.size() == kMaxColumns) {
        break;
      }
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

struct Header {
  std::array<std::optional<size_t>, kColumnCount> index;

  std::string_view Get(const Fields& fields, Column column) const {
    const std::optional<size_t>& at = index[column];
    return at && *at < fields.size() ? std::string_view(fields[*at]) : std::string_view();
  }
};

StatusOr<Header> ParseHeader(std::string_view line) {
  const Fields names = SplitCsv(line);
  Header header;
  for (size_t column = 0; column < kColumnCount; ++column) {
    const auto it = std::find(names.begin(), names.end(), kColumnNames[column]);
    if (it != names.end()) {
      header.index[column] = static_cast<size_t>(it - names.begin());
    }
  }
  for (const Column column : kRequired) {
    if (!header.index[column]) {
      return InvalidArgument("show stat: the header has no column \"{}\"", kColumnNames[column]);
    }
  }
  return header;
}

// An empty field is a counter that does not apply to the row.
bool ReadCounter(std::string_view text, uint64_t& value) {
  value = 0;
  if (text.empty()) {
    return true;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

StatusOr<HaproxyRowKind> ReadKind(std::string_view text, size_t line_number) {
  constexpr std::array kKinds = {HaproxyRowKind::kFrontend, HaproxyRowKind::kBackend, HaproxyRowKind::kServer,
                                 HaproxyRowKind::kListener};
  if (text.size() != 1 || text[0] < '0' || text[0] > '3') {
    return InvalidArgument("show stat: line {}: column \"type\" is \"{}\", not 0 to 3", line_number, text);
  }
  return kKinds[static_cast<size_t>(text[0] - '0')];
}

StatusOr<HaproxyRow> ParseRow(const Header& header, std::string_view line, size_t line_number) {
  const Fields fields = SplitCsv(line);
  HaproxyRow row;
  row.proxy = header.Get(fields, kProxy);
  row.server = header.Get(fields, kServer);
  SHADOWD_ASSIGN_OR_RETURN(row.kind, ReadKind(header.Get(fields, kType), line_number));
  row.status = header.Get(fields, kStatus);
  row.address = header.Get(fields, kAddress);
  std::string_view check = header.Get(fields, kCheckStatus);
  row.check_status = check.starts_with("* ") ? check.substr(2) : check;
  row.last_check = header.Get(fields, kLastCheck);
  const Column weight = header.index[kUserWeight] ? kUserWeight : kWeight;
  uint64_t responses[6] = {};
  const std::pair<Column, uint64_t*> counters[] = {
      {kId, &row.id},
      {weight, &row.weight},
      {kSessions, &row.sessions},
      {kQueued, &row.queued},
      {kSessionsTotal, &row.sessions_total},
      {kRequestsTotal, &row.requests_total},
      {kResponses1xx, &responses[0]},
      {kResponses2xx, &responses[1]},
      {kResponses3xx, &responses[2]},
      {kResponses4xx, &responses[3]},
      {kResponses5xx, &responses[4]},
      {kResponsesOther, &responses[5]},
  };
  for (const auto& [column, value] : counters) {
    const std::string_view text = header.Get(fields, column);
    if (!ReadCounter(text, *value)) {
      return InvalidArgument("show stat: line {}: column \"{}\" is \"{}\", not a count", line_number,
                             kColumnNames[column], text);
    }
  }
  for (const uint64_t count : responses) {
    row.responses_total += count;
  }
  row.responses_5xx = responses[4];
  return row;
}

Status Refusal(std::string_view first_line) {
  if (first_line.starts_with("No such proxy")) {
    return WithReason(NotFound("HAProxy has no such backend"), "BACKEND_UNKNOWN");
  }
  if (first_line.starts_with("Permission denied")) {
    return WithReason(PermissionDenied("HAProxy refused the command: permission denied"), "SOCKET_NOT_ADMIN");
  }
  return InvalidArgument("show stat: not a table of statistics: \"{}\"", first_line.substr(0, 80));
}

}  // namespace

const HaproxyRow* HaproxyStat::Backend(std::string_view proxy) const {
  const auto it = std::find_if(rows.begin(), rows.end(), [&](const HaproxyRow& row) {
    return row.kind == HaproxyRowKind::kBackend && row.proxy == proxy;
  });
  return it == rows.end() ? nullptr : &*it;
}

const HaproxyRow* HaproxyStat::Server(std::string_view proxy, std::string_view server) const {
  const auto it = std::find_if(rows.begin(), rows.end(), [&](const HaproxyRow& row) {
    return row.kind == HaproxyRowKind::kServer && row.proxy == proxy && row.server == server;
  });
  return it == rows.end() ? nullptr : &*it;
}

StatusOr<HaproxyStat> ParseHaproxyStat(std::string_view text) {
  HaproxyStat stat;
  std::optional<Header> header;
  size_t line_number = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    ++line_number;
    if (line.empty()) {
      continue;
    }
    if (!header) {
      if (!line.starts_with(kColumnNames[kProxy])) {
        return Refusal(line);
      }
      SHADOWD_ASSIGN_OR_RETURN(header, ParseHeader(line));
      continue;
    }
    if (stat.rows.size() == kMaxHaproxyRows) {
      return ResourceExhausted("show stat: more than {} rows", kMaxHaproxyRows);
    }
    SHADOWD_ASSIGN_OR_RETURN(HaproxyRow row, ParseRow(*header, line, line_number));
    stat.rows.push_back(std::move(row));
  }
  if (!header) {
    return InvalidArgument("show stat: the answer is empty");
  }
  return stat;
}

}  // namespace shadowd::scale
