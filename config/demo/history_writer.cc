#include "history_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <optional>
#include <string_view>

namespace shadowd::demo {
namespace {

struct Column {
  std::string_view name;
  double MeasuredPoint::*value;
};
constexpr std::array<Column, 7> kColumns = {{{"load_rps", &MeasuredPoint::load_rps},
                                             {"p50_us", &MeasuredPoint::p50_us},
                                             {"p95_us", &MeasuredPoint::p95_us},
                                             {"p99_us", &MeasuredPoint::p99_us},
                                             {"error_rate", &MeasuredPoint::error_rate},
                                             {"cpu_cores", &MeasuredPoint::cpu_cores},
                                             {"memory_bytes", &MeasuredPoint::memory_bytes}}};

std::vector<std::string_view> Split(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const size_t comma = line.find(',');
    fields.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) {
      return fields;
    }
    line.remove_prefix(comma + 1);
  }
}

bool ReadNumber(std::string_view text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value) && value >= 0;
}

// Between two measured loads by a straight line, at the nearer end outside them.
MeasuredPoint At(const std::vector<MeasuredPoint>& measured, double load) {
  const auto above = std::find_if(measured.begin(), measured.end(),
                                  [load](const MeasuredPoint& point) { return point.load_rps >= load; });
  MeasuredPoint result = above == measured.end() ? measured.back() : *above;
  if (above != measured.begin() && above != measured.end()) {
    const MeasuredPoint& below = *(above - 1);
    const double share = (load - below.load_rps) / (above->load_rps - below.load_rps);
    for (const Column& column : kColumns) {
      result.*column.value = below.*column.value + share * ((*above).*column.value - below.*column.value);
    }
  }
  result.load_rps = load;
  return result;
}

// Knuth's product method in pieces of at most 30, whose exponentials do not underflow.
uint64_t Poisson(Rng& rng, double mean) {
  uint64_t count = 0;
  while (mean > 0) {
    const double piece = std::min(mean, 30.0);
    const double floor = std::exp(-piece);
    for (double product = rng.Uniform(); product > floor; product *= rng.Uniform()) {
      ++count;
    }
    mean -= piece;
  }
  return count;
}

StatusOr<std::array<size_t, kColumns.size()>> ReadHeader(const std::string& file, std::string_view line) {
  const std::vector<std::string_view> names = Split(line);
  std::array<size_t, kColumns.size()> index{};
  for (size_t i = 0; i < kColumns.size(); ++i) {
    const auto it = std::find(names.begin(), names.end(), kColumns[i].name);
    if (it == names.end()) {
      return InvalidArgument("{}: no column \"{}\"", file, kColumns[i].name);
    }
    index[i] = static_cast<size_t>(it - names.begin());
  }
  return index;
}

}  // namespace

StatusOr<std::vector<MeasuredPoint>> ReadMeasured(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  if (!in || !std::getline(in, line)) {
    return NotFound("{}: cannot be read or is empty", file);
  }
  SHADOWD_ASSIGN_OR_RETURN(const auto index, ReadHeader(file, line));
  std::vector<MeasuredPoint> points;
  for (int number = 2; std::getline(in, line); ++number) {
    const std::vector<std::string_view> fields = Split(line);
    MeasuredPoint point;
    for (size_t i = 0; i < kColumns.size(); ++i) {
      if (index[i] >= fields.size() || !ReadNumber(fields[index[i]], point.*kColumns[i].value)) {
        return InvalidArgument("{}: line {}: column \"{}\" is not a number", file, number, kColumns[i].name);
      }
    }
    points.push_back(point);
  }
  std::sort(points.begin(), points.end(),
            [](const MeasuredPoint& a, const MeasuredPoint& b) { return a.load_rps < b.load_rps; });
  if (points.empty()) {
    return InvalidArgument("{}: no rows", file);
  }
  return points;
}

Status WriteHistory(const DayProfile& profile, const HistoryOptions& options,
                    std::vector<MeasuredPoint> measured) {
  std::ofstream out(options.out, std::ios::trunc);
  out << "time,rps"
      << (measured.empty() ? ""
                           : ",instances,load_rps,p50_us,p95_us,p99_us,error_rate,cpu_cores,memory_bytes")
      << '\n';
  Rng rng(profile.seed ^ 0x415709);
  const auto seconds = static_cast<int64_t>(options.days * profile.day_seconds);
  const auto end = static_cast<int64_t>(std::floor(options.end));
  for (int64_t at = end - seconds; at < end; ++at) {
    const double middle = static_cast<double>(at) + 0.5;
    const uint64_t count = Poisson(rng, profile.Rate(middle));
    out << fmt::format("{},{}", at, count);
    if (!measured.empty()) {
      const int wanted = static_cast<int>(std::ceil(profile.Expected(middle) / options.load_planned_rps));
      const int instances = std::clamp(wanted, options.instances_min, options.instances_max);
      const MeasuredPoint point = At(measured, static_cast<double>(count) / instances);
      out << fmt::format(",{},{:.2f},{:.0f},{:.0f},{:.0f},{:.5f},{:.5f},{:.0f}", instances, point.load_rps,
                         point.p50_us, point.p95_us, point.p99_us, point.error_rate, point.cpu_cores,
                         point.memory_bytes);
    }
    out << '\n';
  }
  out.close();
  return out ? absl::OkStatus() : Unavailable("{}: cannot be written", options.out);
}

}  // namespace shadowd::demo
