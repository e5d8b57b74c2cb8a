// Measures the forecast: cost of one observation, of a fit with its first forecast on an hourly series, and,
// where the public M4 hourly data are (SHADOWD_DATA/traces), the MASE and coverage of holding out the last
// 48 hours of every training series. --json prints one object.
#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "forecast/forecaster.h"

namespace shadowd::forecast {
namespace {

constexpr size_t kHold = 48;
constexpr Micros kHour = std::chrono::hours(1);

// CPU time of the process: other work on the machine does not count.
double MicrosSince(std::clock_t start) {
  return static_cast<double>(std::clock() - start) * 1e6 / CLOCKS_PER_SEC;
}

// Rows are "series,step,value", a series' rows together.
std::vector<std::vector<double>> ReadM4(const std::string& path) {
  std::vector<std::vector<double>> all;
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) {
    return all;
  }
  std::array<char, 256> line{};
  std::string name;
  while (gzgets(file, line.data(), static_cast<int>(line.size())) != nullptr) {
    const std::string_view text(line.data());
    const size_t first = text.find(',');
    const size_t second = text.find(',', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos || text.starts_with("series,")) {
      continue;
    }
    if (text.substr(0, first) != name) {
      name = text.substr(0, first);
      all.emplace_back();
    }
    all.back().push_back(std::strtod(line.data() + second + 1, nullptr));
  }
  gzclose(file);
  std::erase_if(all, [](const std::vector<double>& y) { return y.size() < 400; });
  return all;
}

Forecaster HourlyForecaster(const std::vector<double>& y, size_t known) {
  Forecaster f(model::ServiceId("m4"),
               {.step = kHour, .seasons = {24, 168}, .horizon_steps = kHold, .coverage = 0.95});
  std::vector<std::pair<WallTime, double>> history;
  for (size_t t = 0; t < known; ++t) {
    history.emplace_back(WallTime(static_cast<int64_t>(t) * kHour), y[t]);
  }
  f.Import(history);
  return f;
}

struct Scores {
  size_t series = 0;
  double mase = 0;
  double smape = 0;
  double coverage = 0;
  double fit_us = 0;
};

void Score(const std::vector<double>& y, Scores& scores) {
  const size_t n = y.size() - kHold;
  double naive = 0;
  for (size_t t = 24; t < n; ++t) {
    naive += std::abs(y[t] - y[t - 24]) / static_cast<double>(n - 24);
  }
  Forecaster f = HourlyForecaster(y, n);
  const auto start = std::clock();
  f.Adopt(FitModels(*f.CopyForFit()));
  const model::Forecast forecast = f.Predict();
  scores.fit_us += MicrosSince(start);
  ++scores.series;
  for (size_t h = 0; h < kHold; ++h) {
    const double truth = y[n + h];
    const model::ForecastStep& step = forecast.steps[h];
    scores.mase += naive > 0 ? std::abs(truth - step.expected_rps) / naive / kHold : 0;
    const double size = std::abs(truth) + std::abs(step.expected_rps);
    scores.smape += size > 0 ? 200 * std::abs(truth - step.expected_rps) / size / kHold : 0;
    scores.coverage += truth >= step.lower_rps && truth <= step.upper_rps ? 1.0 / kHold : 0;
  }
}

double ObserveCost() {
  Rng rng(1);
  std::vector<double> y;
  for (int t = 0; t < 5000; ++t) {
    y.push_back(300 + 100 * std::sin(t * 0.2618) + 10 * rng.Normal());
  }
  Forecaster f = HourlyForecaster(y, 900);
  f.Adopt(FitModels(*f.CopyForFit()));
  const auto start = std::clock();
  for (size_t t = 900; t < y.size(); ++t) {
    f.Observe(WallTime(static_cast<int64_t>(t) * kHour), y[t]);
  }
  return MicrosSince(start) / 4100;
}

}  // namespace
}  // namespace shadowd::forecast

int main(int argc, char** argv) {
  using namespace shadowd::forecast;
  const bool json = argc > 1 && std::string_view(argv[1]) == "--json";
  const double observe = ObserveCost();
  const char* data = std::getenv("SHADOWD_DATA");
  Scores scores;
  for (const auto& y : ReadM4(std::string(data != nullptr ? data : ".") + "/traces/M4-hourly-train.csv.gz")) {
    Score(y, scores);
  }
  const double n = scores.series > 0 ? static_cast<double>(scores.series) : 1;
  const char* format =
      json ? "{{\"observe_us\": {:.2f}, \"series\": {}, \"fit_and_forecast_us\": {:.0f}, \"mase\": {:.3f}, "
             "\"smape\": {:.3f}, \"coverage\": {:.3f}}}\n"
           : "observe {:.2f} us; M4 hourly, {} series: fit and forecast {:.0f} us, MASE {:.3f}, sMAPE "
             "{:.3f} %, coverage {:.3f}\n";
  fmt::print(fmt::runtime(format), observe, scores.series, scores.fit_us / n, scores.mase / n,
             scores.smape / n, scores.coverage / n);
  return 0;
}
