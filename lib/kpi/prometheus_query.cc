#include "kpi/prometheus_query.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "kpi/number.h"

namespace shadowd::kpi {
namespace {

using Json = nlohmann::json;

std::string Encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string Seconds(WallTime at) {
  return fmt::format("{:.3f}", static_cast<double>(ToMicros(at)) * 1e-6);
}

Status NoAnswer(std::string_view body) {
  return WithReason(Unavailable("not the answer of a Prometheus: {}", Excerpt(body)), "NO_PROMETHEUS");
}

std::string TextOf(const Json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// What the server says is wrong, with its word for it.
Status ErrorOf(const Json& answer) {
  const std::string type = TextOf(answer, "errorType");
  const std::string what = fmt::format("Prometheus: {}: {}", Excerpt(type), Excerpt(TextOf(answer, "error")));
  return type == "bad_data" || type == "execution" ? WithReason(InvalidArgument("{}", what), "BAD_QUERY")
                                                   : WithReason(Unavailable("{}", what), "QUERY_FAILED");
}

// [1700000000.123, "0.5"]
StatusOr<std::pair<WallTime, double>> PointOf(const Json& pair) {
  if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number() || !pair[1].is_string()) {
    return NoAnswer(pair.dump(-1, ' ', true, Json::error_handler_t::replace));
  }
  const double at = pair[0].get<double>();
  const auto value = ParseDouble(pair[1].get_ref<const std::string&>());
  if (!value || !(at >= 0 && at < 1e11)) {
    return NoAnswer(pair.dump(-1, ' ', true, Json::error_handler_t::replace));
  }
  return std::pair(WallTime(FromSeconds(at)), *value);
}

// The part "data", checked so far that "result" is there.
StatusOr<Json> DataOf(std::string_view body) {
  Json answer = Json::parse(body, nullptr, false);
  if (answer.is_discarded() || !answer.is_object()) {
    return NoAnswer(body);
  }
  const std::string status = TextOf(answer, "status");
  if (status == "error") {
    return ErrorOf(answer);
  }
  if (status != "success" || !answer.contains("data") || !answer["data"].is_object() ||
      !answer["data"].contains("result")) {
    return NoAnswer(body);
  }
  return std::move(answer["data"]);
}

// The only series of a result, or null.
StatusOr<const Json*> OnlySeries(const Json& result) {
  if (!result.is_array()) {
    return NoAnswer("a result that is no list");
  }
  if (result.size() > 1) {
    return WithReason(
        InvalidArgument("the query has {} series as its result, one is wanted: aggregate them, as with sum()",
                        result.size()),
        "MANY_SERIES");
  }
  return result.empty() ? nullptr : &result[0];
}

}  // namespace

std::string InstantQuery(std::string_view promql, WallTime at, Micros staleness) {
  return fmt::format("/api/v1/query?query={}&time={}&lookback_delta={:.3f}s", Encoded(promql), Seconds(at),
                     ToSeconds(staleness));
}

std::string RangeQuery(std::string_view promql, WallTime from, WallTime to, Micros step) {
  return fmt::format("/api/v1/query_range?query={}&start={}&end={}&step={:.3f}", Encoded(promql),
                     Seconds(from), Seconds(to), ToSeconds(step));
}

StatusOr<std::optional<double>> ParseInstant(std::string_view body) {
  SHADOWD_ASSIGN_OR_RETURN(const Json data, DataOf(body));
  const std::string type = TextOf(data, "resultType");
  const Json* point = nullptr;
  if (type == "scalar") {
    point = &data["result"];
  } else if (type == "vector") {
    SHADOWD_ASSIGN_OR_RETURN(const Json* series, OnlySeries(data["result"]));
    if (series == nullptr) {
      return std::nullopt;
    }
    if (!series->is_object() || !series->contains("value")) {
      return NoAnswer("a series without a value");
    }
    point = &(*series)["value"];
  } else {
    return WithReason(InvalidArgument("the query is a {}, not an instant vector or a scalar", Excerpt(type)),
                      "BAD_QUERY");
  }
  SHADOWD_ASSIGN_OR_RETURN(const auto value, PointOf(*point));
  return std::isfinite(value.second) ? std::optional(value.second) : std::nullopt;
}

StatusOr<std::vector<std::pair<WallTime, double>>> ParseRange(std::string_view body) {
  SHADOWD_ASSIGN_OR_RETURN(const Json data, DataOf(body));
  if (TextOf(data, "resultType") != "matrix") {
    return NoAnswer(body);
  }
  SHADOWD_ASSIGN_OR_RETURN(const Json* series, OnlySeries(data["result"]));
  std::vector<std::pair<WallTime, double>> points;
  if (series == nullptr) {
    return points;
  }
  if (!series->is_object() || !series->contains("values") || !(*series)["values"].is_array()) {
    return NoAnswer("a series without values");
  }
  for (const Json& pair : (*series)["values"]) {
    SHADOWD_ASSIGN_OR_RETURN(const auto point, PointOf(pair));
    if (std::isfinite(point.second) && (points.empty() || point.first > points.back().first)) {
      points.push_back(point);
    }
  }
  return points;
}

}  // namespace shadowd::kpi
