#include "daemon/io/prometheus_range.h"

#include <algorithm>

#include "daemon/io/http_client.h"
#include "kpi/prometheus_query.h"

namespace shadowd::io {
namespace {

constexpr size_t kRangeBytesMax = 16 << 20;

}  // namespace

StatusOr<std::vector<std::pair<WallTime, double>>> FetchRange(HttpClient& client,
                                                              const model::HttpServer& server,
                                                              const std::string& query, WallTime from,
                                                              WallTime to, Micros step) {
  std::vector<std::pair<WallTime, double>> all;
  const Micros span = step * (kpi::kRangePointsMax - 1);
  for (WallTime at = from; at <= to; at += span + step) {
    SHADOWD_ASSIGN_OR_RETURN(
        const HttpAnswer answer,
        client.Get(server, kpi::RangeQuery(query, at, std::min(to, at + span), step), kRangeBytesMax));
    SHADOWD_ASSIGN_OR_RETURN(const std::string body, BodyOf(answer, server.url));
    SHADOWD_ASSIGN_OR_RETURN(const auto points, kpi::ParseRange(body));
    all.insert(all.end(), points.begin(), points.end());
  }
  return all;
}

StatusOr<std::string> BodyOf(const HttpAnswer& answer, const std::string& url) {
  const bool says_why = answer.content_type.starts_with("application/json") && answer.status >= 400 &&
                        answer.status != 401 && answer.status != 403;
  if (!says_why) {
    SHADOWD_RETURN_IF_ERROR(StatusOfAnswer(answer, url));
  }
  return answer.body;
}

}  // namespace shadowd::io
