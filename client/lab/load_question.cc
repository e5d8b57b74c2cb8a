#include "lab/load_question.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "input/csv_reader.h"
#include "input/demand_rows.h"
#include "load/access_log.h"
#include "load/mix.h"

namespace shadowd::lab {
namespace {

constexpr size_t kStepsMax = 1000;
constexpr size_t kMixRowsMax = 4096;
constexpr size_t kTimesMax = 50'000'000;

StatusOr<double> RateOf(std::string_view text) {
  const std::optional<double> rate = input::ParseNumber(text);
  if (!rate || *rate < 0 || *rate > kLoadRateMax) {
    return InvalidArgument("--rate: \"{}\" is no number of requests per second from 0 to {:.0f}",
                           input::Shown(text), kLoadRateMax);
  }
  return *rate;
}

StatusOr<double> Parameter(const std::string& text, const char* form, double least, double most) {
  const std::optional<double> value = input::ParseNumber(text.substr(text.find(':') + 1));
  if (!value || *value < least || *value > most) {
    return InvalidArgument("--arrival: \"{}\": expected {}", input::Shown(text), form);
  }
  return *value;
}

}  // namespace

StatusOr<load::RateCurve> ParseRate(std::string_view text, double seconds) {
  if (const size_t dots = text.find(".."); dots != std::string_view::npos) {
    SHADOWD_ASSIGN_OR_RETURN(const double from, RateOf(text.substr(0, dots)));
    SHADOWD_ASSIGN_OR_RETURN(const double to, RateOf(text.substr(dots + 2)));
    return load::RateCurve({{0, from}, {seconds, to}});
  }
  std::vector<double> rates;
  for (std::string_view rest = text;;) {
    const size_t comma = rest.find(',');
    SHADOWD_ASSIGN_OR_RETURN(const double rate, RateOf(rest.substr(0, comma)));
    rates.push_back(rate);
    if (comma == std::string_view::npos) {
      break;
    }
    if (rates.size() == kStepsMax) {
      return InvalidArgument("--rate: more than {} steps; write a --profile", kStepsMax);
    }
    rest.remove_prefix(comma + 1);
  }
  if (*std::max_element(rates.begin(), rates.end()) <= 0) {
    return InvalidArgument("--rate: 0 requests per second send nothing");
  }
  std::vector<load::RateCurve::Knot> knots;
  const double length = seconds / static_cast<double>(rates.size());
  for (size_t i = 0; i < rates.size(); ++i) {
    knots.push_back({static_cast<double>(i) * length, rates[i]});
    knots.push_back({static_cast<double>(i + 1) * length, rates[i]});
  }
  return load::RateCurve(std::move(knots));
}

StatusOr<RateProfile> ParseProfile(const std::string& text, const std::string& file) {
  SHADOWD_ASSIGN_OR_RETURN(input::CsvReader rows, input::CsvReader::Open(text, file));
  const bool stamps = rows.Find("timestamp").has_value() && !rows.Find("time");
  SHADOWD_ASSIGN_OR_RETURN(const size_t time, rows.Column(stamps ? "timestamp" : "time"));
  const bool rps = rows.Find("rps").has_value() && !rows.Find("value");
  SHADOWD_ASSIGN_OR_RETURN(const size_t value, rows.Column(rps ? "rps" : "value"));
  std::vector<load::RateCurve::Knot> knots;
  WallTime first;
  for (;;) {
    SHADOWD_ASSIGN_OR_RETURN(const bool more, rows.Next());
    if (!more) {
      break;
    }
    SHADOWD_ASSIGN_OR_RETURN(const WallTime at, rows.Time(time));
    if (rows.Cell(value).empty()) {
      return rows.Error(value, "is empty: a profile must say the rate of each of its times");
    }
    SHADOWD_ASSIGN_OR_RETURN(const double rate, rows.NotNegative(value));
    if (rate > kLoadRateMax) {
      return rows.Error(value, fmt::format("is more than {:.0f} requests per second", kLoadRateMax));
    }
    first = knots.empty() ? at : first;
    const double seconds = ToSeconds(at - first);
    if (!knots.empty() && seconds < knots.back().at_seconds) {
      return rows.Error(time, "is earlier than the row before");
    }
    knots.push_back({seconds, rate});
  }
  if (knots.size() < 2 || knots.back().at_seconds <= 0) {
    return InvalidArgument("{}: a profile needs at least two times", file);
  }
  RateProfile profile;
  profile.seconds = knots.back().at_seconds;
  profile.rate = load::RateCurve(std::move(knots));
  return profile;
}

StatusOr<ArrivalChoice> ParseArrival(const std::string& text) {
  ArrivalChoice choice;
  if (text == "constant") {
    choice.kind = load::ArrivalKind::kConstant;
  } else if (text.starts_with("erlang:")) {
    SHADOWD_ASSIGN_OR_RETURN(const double order, Parameter(text, "erlang:N with N from 1 to 1000", 1, 1000));
    choice.kind = load::ArrivalKind::kErlang;
    choice.order = static_cast<int>(order);
  } else if (text.starts_with("gamma:")) {
    SHADOWD_ASSIGN_OR_RETURN(choice.gamma_shape,
                             Parameter(text, "gamma:K with a shape K from 0.01 to 1e6", 0.01, 1e6));
  } else if (text.starts_with("trace:") && text.size() > 6) {
    choice.trace = text.substr(6);
  } else if (text != "poisson") {
    return InvalidArgument("--arrival: \"{}\": expected constant, poisson, erlang:N, gamma:K or trace:FILE",
                           input::Shown(text));
  }
  return choice;
}

StatusOr<std::vector<double>> ParseTimes(const std::string& text, const std::string& file, double rate) {
  SHADOWD_ASSIGN_OR_RETURN(input::CsvReader rows, input::CsvReader::Open(text, file));
  const std::optional<size_t> micros = rows.Find("time_us");
  const std::optional<size_t> stamp = rows.Find("timestamp");
  size_t column = 0;
  if (micros) {
    column = *micros;
  } else if (stamp) {
    column = *stamp;
  } else {
    SHADOWD_ASSIGN_OR_RETURN(column, rows.Column("time"));
  }
  std::vector<double> times;
  for (;;) {
    SHADOWD_ASSIGN_OR_RETURN(const bool more, rows.Next());
    if (!more) {
      break;
    }
    if (times.size() == kTimesMax) {
      return InvalidArgument("{}: more than {} times", file, kTimesMax);
    }
    if (micros) {
      SHADOWD_ASSIGN_OR_RETURN(const double at, rows.Number(column));
      times.push_back(at * 1e-6);
    } else {
      SHADOWD_ASSIGN_OR_RETURN(const WallTime at, rows.Time(column));
      times.push_back(static_cast<double>(ToMicros(at)) * 1e-6);
    }
  }
  if (times.empty()) {
    return InvalidArgument("{}: no times", file);
  }
  std::sort(times.begin(), times.end());
  const double first = times.front(), length = times.back() - first;
  if (rate > 0 && length <= 0) {
    return InvalidArgument("{}: all times are the same: no rate can be made of them", file);
  }
  const double stretch = rate > 0 ? static_cast<double>(times.size()) / length / rate : 1;
  for (double& at : times) {
    at = (at - first) * stretch;
  }
  return times;
}

StatusOr<std::vector<WeightedForm>> ParseMix(const std::string& text, const std::string& file, int hour,
                                             uint64_t seed) {
  SHADOWD_ASSIGN_OR_RETURN(input::CsvReader rows, input::CsvReader::Open(text, file));
  SHADOWD_ASSIGN_OR_RETURN(const size_t weight, rows.Column("weight"));
  SHADOWD_ASSIGN_OR_RETURN(const size_t method, rows.Column("method"));
  SHADOWD_ASSIGN_OR_RETURN(const size_t path, rows.Column("path"));
  const std::optional<size_t> body = rows.Find("body"), hours = rows.Find("hour");
  Rng rng(seed);
  std::vector<WeightedForm> forms;
  for (size_t count = 0;; ++count) {
    SHADOWD_ASSIGN_OR_RETURN(const bool more, rows.Next());
    if (!more) {
      break;
    }
    if (count == kMixRowsMax) {
      return InvalidArgument("{}: more than {} rows", file, kMixRowsMax);
    }
    SHADOWD_ASSIGN_OR_RETURN(const double share, rows.NotNegative(weight));
    SHADOWD_ASSIGN_OR_RETURN(const std::optional<double> at, rows.Optional(hours));
    if (at && (*at > 23 || *at != std::floor(*at))) {
      return rows.Error(*hours, "is no hour from 0 to 23");
    }
    if (share <= 0 || (at && hour >= 0 && static_cast<int>(*at) != hour)) {
      continue;
    }
    WeightedForm row;
    row.form.method = std::string(rows.Cell(method));
    const std::string pattern(rows.Cell(path));
    row.form.body = body ? std::string(rows.Cell(*body)) : std::string();
    row.route = load::RouteOf(row.form.method, pattern);
    const int draws = load::HasVariables(pattern) || load::HasVariables(row.form.body) ? kDrawsAPattern : 1;
    const std::string body_pattern = row.form.body;
    for (int i = 0; i < draws; ++i) {
      row.weight = share / draws;
      row.form.target = load::Expand(pattern, rng);
      row.form.body = load::Expand(body_pattern, rng);
      if (const StatusOr<load::WireRequest> wire = load::ToWire(row.form, load::Wire::kHttp1, "http", "x");
          !wire.ok()) {
        return rows.Error(path, MessageOf(wire.status()));
      }
      forms.push_back(row);
    }
  }
  if (forms.empty()) {
    return InvalidArgument("{}: no row with a weight over 0{}", file,
                           hour >= 0 ? fmt::format(" in hour {}", hour) : "");
  }
  return forms;
}

StatusOr<std::vector<WeightedForm>> ParseLog(const std::string& text, const std::string& file, int hour) {
  std::map<std::pair<std::string_view, std::string_view>, double> counts;
  size_t lines = 0, understood = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t newline = rest.find('\n');
    const std::optional<load::LoggedRequest> logged = load::ParseLogLine(rest.substr(0, newline));
    ++lines;
    understood += logged ? 1 : 0;
    const bool readable = logged && (logged->method == "GET" || logged->method == "HEAD");
    if (readable && (hour < 0 || logged->hour == hour)) {
      counts[{logged->method, logged->target}] += 1;
    }
    rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
  }
  if (counts.empty()) {
    return InvalidArgument(
        "{}: no GET or HEAD{} among {} lines, {} of which are of the Common or Combined Log Format", file,
        hour >= 0 ? fmt::format(" in hour {}", hour) : "", lines, understood);
  }
  std::vector<WeightedForm> forms;
  for (const auto& [request, count] : counts) {
    WeightedForm form;
    form.form.method = std::string(request.first);
    form.form.target = std::string(request.second);
    form.weight = count;
    form.route = load::RouteOf(request.first, request.second);
    forms.push_back(std::move(form));
  }
  std::stable_sort(forms.begin(), forms.end(),
                   [](const WeightedForm& a, const WeightedForm& b) { return a.weight > b.weight; });
  forms.resize(std::min(forms.size(), kLoggedMax));
  return forms;
}

}  // namespace shadowd::lab
