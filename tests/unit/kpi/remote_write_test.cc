#include "kpi/remote_write.h"

#include <bit>
#include <string>
#include <vector>

#include "require_ok.h"

using namespace shadowd;
using namespace shadowd::kpi;

namespace {

struct Seen final : SampleTaker {
  struct One {
    std::string metric, job;
    double value;
    WallTime at;
  };
  std::vector<One> samples;
  std::vector<std::string> refused;
  void Take(const SeriesSample& sample) override {
    samples.push_back(
        {std::string(sample.metric), std::string(ValueOf(sample.labels, "job")), sample.value, sample.at});
  }
  void Take(const HistogramSample&) override {}
  void Refuse(std::string_view why) override { refused.emplace_back(why); }
};

std::string Field(int number, const std::string& bytes) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(bytes.size()) + bytes;
}
std::string LabelOf(const std::string& name, const std::string& value) {
  return Field(1, Field(1, name) + Field(2, value));
}
std::string Sample(double value, int64_t millis) {
  std::string bytes = "\x09";
  const auto bits = std::bit_cast<uint64_t>(value);
  for (int i = 0; i < 8; ++i) {
    bytes += static_cast<char>(bits >> 8 * i);
  }
  bytes += '\x10';
  for (auto rest = static_cast<uint64_t>(millis); bytes.size() < 32; rest >>= 7) {
    bytes += static_cast<char>(rest < 0x80 ? rest : rest | 0x80);
    if (rest < 0x80) {
      break;
    }
  }
  return Field(2, bytes);
}

}  // namespace

TEST_CASE("Series are handed over with their labels, whatever the order of the fields") {
  const std::string labels = LabelOf("__name__", "up") + LabelOf("job", "web");
  const std::string samples = Sample(1.5, 1'700'000'000'123) + Sample(2, 1'700'000'001'000);
  Seen seen;
  REQUIRE_OK(
      ReadRemoteWrite(Field(1, labels + samples) + Field(1, samples + labels) + Field(3, "metadata"), seen));
  REQUIRE(seen.samples.size() == 4);
  for (const size_t i : {0u, 2u}) {
    CHECK(seen.samples[i].metric == "up");
    CHECK(seen.samples[i].job == "web");
    CHECK(seen.samples[i].value == 1.5);
    CHECK(seen.samples[i].at == WallFromMicros(1'700'000'000'123'000));
  }
}

TEST_CASE("Native histograms are refused with words, and what is malformed is no batch") {
  Seen seen;
  REQUIRE_OK(ReadRemoteWrite(Field(1, LabelOf("__name__", "h") + Field(4, "x")), seen));
  REQUIRE(seen.refused.size() == 1);
  CHECK(absl::IsInvalidArgument(ReadRemoteWrite("garbage", seen)));
  CHECK(absl::IsInvalidArgument(ReadRemoteWrite(Field(1, LabelOf("job", "web")), seen)));
  CHECK(
      absl::IsInvalidArgument(ReadRemoteWrite(Field(1, LabelOf("__name__", "x") + Field(2, "\x09")), seen)));
  CHECK(absl::IsInvalidArgument(
      ReadRemoteWrite(Field(1, LabelOf("__name__", "x") + Sample(1, INT64_MAX)), seen)));
  REQUIRE_OK(ReadRemoteWrite("", seen));
}
