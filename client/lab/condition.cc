#include "lab/condition.h"

#include <array>

#include "input/csv_reader.h"

namespace shadowd::lab {
namespace {

struct LatencyName {
  std::string_view name;
  double quantile;
};
constexpr std::array kLatencies = {LatencyName{"p50_us", 0.5}, LatencyName{"p95_us", 0.95},
                                   LatencyName{"p99_us", 0.99}};
constexpr double kLatencyMaxUs = 3600e6;

std::string WithoutBlanks(std::string_view text) {
  std::string dense;
  for (const char c : text) {
    if (c != ' ' && c != '\t') {
      dense += c;
    }
  }
  return dense;
}

Status Apply(std::string_view condition, model::Slo& slo, bool& has_latency) {
  const size_t sign = condition.find("<=");
  const std::string_view name = condition.substr(0, sign);
  const std::optional<double> number =
      sign == std::string_view::npos ? std::nullopt : input::ParseNumber(condition.substr(sign + 2));
  const double limit = number.value_or(-1);
  for (const LatencyName& latency : kLatencies) {
    if (name != latency.name || !number) {
      continue;
    }
    if (has_latency) {
      return InvalidArgument("'{}': a second latency condition; there can be one", input::Shown(condition));
    }
    if (limit < 1 || limit > kLatencyMaxUs) {
      return InvalidArgument("'{}': the limit is not between 1 and {:.0f} us", input::Shown(condition),
                             kLatencyMaxUs);
    }
    has_latency = true;
    slo.latency_quantile = latency.quantile;
    slo.latency_limit = Micros(static_cast<int64_t>(limit));
    return absl::OkStatus();
  }
  if (name != "error_rate" || !number) {
    return InvalidArgument("'{}': expected p50_us<=N, p95_us<=N, p99_us<=N or error_rate<=R",
                           input::Shown(condition));
  }
  if (limit < 0 || limit > 1) {
    return InvalidArgument("'{}': an error rate lies between 0 and 1", input::Shown(condition));
  }
  slo.error_rate_max = limit;
  return absl::OkStatus();
}

}  // namespace

StatusOr<model::Slo> ParseSlo(const std::vector<std::string>& conditions) {
  model::Slo slo;
  bool has_latency = false;
  for (const std::string& given : conditions) {
    const std::string dense = WithoutBlanks(given);
    std::string_view rest = dense;
    while (true) {
      const size_t comma = rest.find(',');
      SHADOWD_RETURN_IF_ERROR(Apply(rest.substr(0, comma), slo, has_latency));
      if (comma == std::string_view::npos) {
        break;
      }
      rest.remove_prefix(comma + 1);
    }
  }
  if (!has_latency) {
    return InvalidArgument("no latency condition such as p95_us<=50000");
  }
  return slo;
}

std::string QuantileName(double quantile) {
  return fmt::format("p{:.0f}", quantile * 100);
}

}  // namespace shadowd::lab
