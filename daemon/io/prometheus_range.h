// Past values of a query from a Prometheus. Blocking.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "model/telemetry.h"

namespace shadowd::io {

class HttpClient;
struct HttpAnswer;

// The value at each step in [from, to], a request per kpi::kRangePointsMax steps; steps without a value are
// left out.
StatusOr<std::vector<std::pair<WallTime, double>>> FetchRange(HttpClient& client,
                                                              const model::HttpServer& server,
                                                              const std::string& query, WallTime from,
                                                              WallTime to, Micros step);

// The body of an answer of the query API; a refusal that is JSON says more than its status does, and is a
// body too.
StatusOr<std::string> BodyOf(const HttpAnswer& answer, const std::string& url);

}  // namespace shadowd::io
