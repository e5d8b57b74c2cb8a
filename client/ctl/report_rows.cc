#include "report_rows.h"

#include <google/protobuf/util/time_util.h>

#include "input/csv_reader.h"

namespace shadowd::ctl {
namespace {

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const size_t from = std::min(text.find_first_not_of(kBlank), text.size());
  const size_t to = text.find_last_not_of(kBlank);
  return from == text.size() ? std::string_view() : text.substr(from, to - from + 1);
}

}  // namespace

StatusOr<std::optional<v1::DemandSample>> ParseReportRow(std::string_view row, int line, WallTime now) {
  row = Trimmed(row);
  if (row.empty() || row.front() == '#') {
    return std::nullopt;
  }
  const size_t comma = row.find(',');
  const std::string_view value = Trimmed(comma == std::string_view::npos ? row : row.substr(comma + 1));
  const std::optional<double> rps = input::ParseNumber(value);
  if (!rps || *rps < 0) {
    return InvalidArgument("line {}: '{}' is not a number >= 0; expected RPS or TIME,RPS", line,
                           input::Shown(value));
  }
  WallTime at = now;
  if (comma != std::string_view::npos) {
    const StatusOr<WallTime> told = input::ParseTime(Trimmed(row.substr(0, comma)));
    if (!told.ok()) {
      return Annotate(told.status(), fmt::format("line {}", line));
    }
    at = *told;
  }
  v1::DemandSample sample;
  *sample.mutable_time() = google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(ToMicros(at));
  sample.set_rps(*rps);
  return sample;
}

}  // namespace shadowd::ctl
