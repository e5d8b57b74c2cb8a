// One-step limits on real workloads, from the day models first exist to the end of each trace. The data are
// not part of the sources; the environment variable SHADOWD_DATA says where they are.
#include <zlib.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data_file.h"
#include "forecast/forecaster.h"

namespace shadowd::forecast {
namespace {

struct Trace {
  std::string file;
  int step_s = 0;
  std::vector<int> seasons;
};

struct Sample {
  WallTime at;
  std::optional<double> value;
};

// Rows "timestamp,value"; an empty value is a gap. zlib reads plain files too.
std::vector<Sample> Read(const std::filesystem::path& path) {
  std::vector<Sample> samples;
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  std::array<char, 256> line{};
  while (file != nullptr && gzgets(file.get(), line.data(), static_cast<int>(line.size())) != nullptr) {
    const std::string_view text(line.data());
    const size_t comma = text.find(',');
    if (comma == std::string_view::npos || text.starts_with("timestamp")) {
      continue;
    }
    const char* value = line.data() + comma + 1;
    const bool gap = *value == '\n' || *value == '\r' || *value == '\0';
    samples.push_back({WallFromMicros(std::strtoll(line.data(), nullptr, 10) * 1'000'000),
                       gap ? std::nullopt : std::optional(std::strtod(value, nullptr))});
  }
  return samples;
}

struct Coverage {
  double share = 0;
  int samples = 0;
};

Coverage Follow(const Trace& trace, const std::vector<Sample>& samples) {
  Forecaster forecaster(model::ServiceId("trace"), {.step = Micros(trace.step_s * 1'000'000LL),
                                                    .seasons = trace.seasons,
                                                    .horizon_steps = 12,
                                                    .coverage = 0.95});
  Coverage coverage;
  bool fitted = false;
  for (const Sample& sample : samples) {
    if (!sample.value) {
      continue;
    }
    const model::Forecast f = forecaster.Predict();
    if (fitted && sample.at >= f.steps[0].at && sample.at < f.steps[0].at + f.step) {
      coverage.share += *sample.value >= f.steps[0].lower_rps && *sample.value <= f.steps[0].upper_rps;
      ++coverage.samples;
    }
    forecaster.Observe(sample.at, *sample.value);
    if (forecaster.WantsFit()) {
      forecaster.Adopt(FitModels(*forecaster.CopyForFit()));
      fitted = forecaster.Predict().model_version > 0;
    }
  }
  coverage.share /= std::max(1, coverage.samples);
  return coverage;
}

}  // namespace

TEST_CASE("limits of real workloads hold about as often as they promise") {
  const auto trace = GENERATE(values<Trace>({
      {"alibaba2018-cpu-300s.csv", 300, {}},
      {"ibm-transactions-900s.csv", 900, {}},
      {"nab-ec2-cpu-53ea38.csv", 300, {}},
      {"nab-ec2-cpu-ac20cd.csv", 300, {}},
      {"nab-ec2-network-in-257a54.csv", 300, {}},
      {"nab-grok-asg-anomaly.csv", 300, {}},
      {"nab-nyc-taxi.csv", 1800, {}},
      {"nab-rds-cpu-cc0c53.csv", 300, {}},
      {"crane-dsp-input0.csv.gz", 60, {}},
      {"twitter-anomalydetection-60s.csv.gz", 60, {}},
      {"azure-llm-code-1s.csv", 1, {}},
  }));
  const auto path = DataFile("traces/" + std::string(trace.file));
  if (!path.has_value()) {
    WARN(trace.file << " is not at hand (SHADOWD_DATA); skipped");
    return;
  }
  const Coverage coverage = Follow(trace, Read(*path));
  CAPTURE(trace.file, coverage.samples);
  CHECK(coverage.samples > 500);
  CHECK(coverage.share >= 0.90);
  CHECK(coverage.share <= 0.985);
}

}  // namespace shadowd::forecast
