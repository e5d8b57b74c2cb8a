#include "bench/peer_scores.h"

#include "input/csv_reader.h"

namespace shadowd::bench {
namespace {

// Every row, or those of one method.
StatusOr<PeerTable> Parse(std::string_view csv, std::string_view file, const std::string* method) {
  SHADOWD_ASSIGN_OR_RETURN(input::CsvReader reader, input::CsvReader::Open(csv, file));
  SHADOWD_ASSIGN_OR_RETURN(const size_t trace, reader.Column("trace"));
  SHADOWD_ASSIGN_OR_RETURN(const size_t mase, reader.Column("mase"));
  SHADOWD_ASSIGN_OR_RETURN(const size_t msis, reader.Column("msis"));
  size_t of_method = 0, seconds = 0;
  if (method != nullptr) {
    SHADOWD_ASSIGN_OR_RETURN(of_method, reader.Column("method"));
    SHADOWD_ASSIGN_OR_RETURN(seconds, reader.Column("sec_mean"));
  }
  PeerTable table;
  while (true) {
    SHADOWD_ASSIGN_OR_RETURN(const bool more, reader.Next());
    if (!more) {
      break;
    }
    if (method != nullptr && reader.Cell(of_method) != *method) {
      continue;
    }
    PeerScores scores;
    SHADOWD_ASSIGN_OR_RETURN(scores.mase, reader.NotNegative(mase));
    SHADOWD_ASSIGN_OR_RETURN(scores.msis, reader.NotNegative(msis));
    if (method != nullptr) {
      SHADOWD_ASSIGN_OR_RETURN(scores.seconds, reader.NotNegative(seconds));
    }
    table[std::string(reader.Cell(trace))] = scores;
  }
  return table;
}

}  // namespace

StatusOr<PeerTable> ParsePeers(std::string_view csv, std::string_view file, const std::string& method) {
  SHADOWD_ASSIGN_OR_RETURN(PeerTable table, Parse(csv, file, &method));
  if (table.empty()) {
    return InvalidArgument("{}: no row of the method '{}'", file, method);
  }
  return table;
}

StatusOr<PeerTable> ParseBestPeers(std::string_view csv, std::string_view file) {
  return Parse(csv, file, nullptr);
}

}  // namespace shadowd::bench
