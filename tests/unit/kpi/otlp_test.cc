#include "kpi/otlp.h"

#include <cmath>
#include <vector>

#include "otlp/metrics.pb.h"
#include "require_ok.h"

using namespace shadowd;
using namespace shadowd::kpi;
using model::SeriesKind;
namespace otel = opentelemetry::proto::collector::metrics::v1;

namespace {

struct Seen final : SampleTaker {
  struct One {
    std::string metric, service, code, quantile;
    SeriesKind hint;
    double value;
    WallTime at, start;
    bool delta;
    std::vector<double> uppers, counts;
  };
  std::vector<One> samples;
  std::vector<std::string> refused;
  template <typename Sample>
  One Of(const Sample& sample) {
    const auto text = [&sample](const char* name) { return std::string(ValueOf(sample.labels, name)); };
    return {std::string(sample.metric),
            text("service.name"),
            text("code"),
            text("quantile"),
            SeriesKind::kHistogram,
            0,
            sample.at,
            sample.start,
            sample.delta,
            {},
            {}};
  }
  void Take(const SeriesSample& sample) override {
    samples.push_back(Of(sample));
    samples.back().hint = sample.hint;
    samples.back().value = sample.value;
  }
  void Take(const HistogramSample& sample) override {
    samples.push_back(Of(sample));
    samples.back().uppers = sample.uppers;
    samples.back().counts = sample.counts;
  }
  void Refuse(std::string_view why) override { refused.emplace_back(why); }
};

// A batch with one metric of one resource.
struct Batch {
  otel::ExportMetricsServiceRequest request;
  otel::Metric* metric = nullptr;
  Batch() {
    auto* resource = request.add_resource_metrics();
    auto* attribute = resource->mutable_resource()->add_attributes();
    attribute->set_key("service.name");
    attribute->mutable_value()->set_string_value("web");
    metric = resource->add_scope_metrics()->add_metrics();
    metric->set_name("m");
  }
  Seen Read() const {
    Seen seen;
    REQUIRE_OK(ReadOtlp(request.SerializeAsString(), seen));
    return seen;
  }
};

template <typename Point>
void Timed(Point* point) {
  point->set_start_time_unix_nano(1'000'000'000'000'000'000);
  point->set_time_unix_nano(1'700'000'000'123'456'789);
}

const double kInf = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("Gauges and sums are told apart, with times, attributes and what they begin at") {
  Batch batch;
  const bool sum = GENERATE(false, true);
  auto* point =
      sum ? batch.metric->mutable_sum()->add_data_points() : batch.metric->mutable_gauge()->add_data_points();
  Timed(point);
  point->set_as_int(-7);
  auto* attribute = point->add_attributes();
  attribute->set_key("code");
  attribute->mutable_value()->set_int_value(500);
  if (sum) {
    batch.metric->mutable_sum()->set_is_monotonic(true);
    batch.metric->mutable_sum()->set_aggregation_temporality(GENERATE(1, 2));
  }
  const Seen seen = batch.Read();
  REQUIRE(seen.samples.size() == 1);
  const Seen::One& one = seen.samples[0];
  CHECK(one.metric == "m");
  CHECK(one.service == "web");
  CHECK(one.code == "500");
  CHECK(one.value == -7);
  CHECK(one.at == WallFromMicros(1'700'000'000'123'456));
  CHECK(one.hint == (sum ? SeriesKind::kCounter : SeriesKind::kGauge));
  CHECK((one.start != WallTime()) == sum);
  CHECK(one.delta == (sum && batch.metric->sum().aggregation_temporality() == 1));
}

TEST_CASE("A sum that may fall is a gauge, and its differences are refused with words") {
  Batch batch;
  batch.metric->mutable_sum()->add_data_points()->set_as_double(3);
  batch.metric->mutable_sum()->set_aggregation_temporality(2);
  CHECK(batch.Read().samples.at(0).hint == SeriesKind::kGauge);
  batch.metric->mutable_sum()->set_aggregation_temporality(1);
  CHECK(batch.Read().refused.at(0).find("cumulative") != std::string::npos);
}

TEST_CASE("A point without a recorded value has none") {
  Batch batch;
  batch.metric->mutable_gauge()->add_data_points()->set_flags(1);
  CHECK(std::isnan(batch.Read().samples.at(0).value));
}

TEST_CASE("Histograms have a last bucket without a bound") {
  Batch batch;
  auto* point = batch.metric->mutable_histogram()->add_data_points();
  Timed(point);
  point->set_count(6);
  CHECK(batch.Read().samples.at(0).counts == std::vector<double>{6});  // no buckets: the count alone
  for (const double bound : {0.1, 0.5}) {
    point->add_explicit_bounds(bound);
  }
  for (const uint64_t count : {1u, 2u, 3u}) {
    point->add_bucket_counts(count);
  }
  batch.metric->mutable_histogram()->set_aggregation_temporality(1);
  const Seen seen = batch.Read();
  CHECK(seen.samples.at(0).uppers == std::vector<double>{0.1, 0.5, kInf});
  CHECK(seen.samples.at(0).counts == std::vector<double>{1, 2, 3});
  CHECK(seen.samples.at(0).delta);
  point->add_bucket_counts(4);
  CHECK(batch.Read().refused.size() == 1);
}

TEST_CASE("Exponential histograms have bounds that are powers of their base") {
  Batch batch;
  auto* point = batch.metric->mutable_exponential_histogram()->add_data_points();
  Timed(point);
  point->set_scale(1);  // base = sqrt(2)
  point->set_zero_count(5);
  point->mutable_positive()->set_offset(-2);
  point->mutable_positive()->add_bucket_counts(7);
  point->mutable_positive()->add_bucket_counts(9);
  const Seen seen = batch.Read();
  const Seen::One& one = seen.samples.at(0);
  REQUIRE(one.uppers.size() == 3);
  CHECK(one.uppers[0] == 0);
  CHECK(one.uppers[1] == Approx(std::sqrt(0.5)));
  CHECK(one.uppers[2] == Approx(1));
  CHECK(one.counts == std::vector<double>{5, 7, 9});
  point->set_scale(100);
  CHECK(batch.Read().refused.size() == 1);
}

TEST_CASE("Summaries have their quantiles and their count") {
  Batch batch;
  auto* point = batch.metric->mutable_summary()->add_data_points();
  Timed(point);
  point->set_count(42);
  auto* pair = point->add_quantile_values();
  pair->set_quantile(0.95);
  pair->set_value(0.2);
  const Seen seen = batch.Read();
  REQUIRE(seen.samples.size() == 2);
  CHECK(seen.samples[0].metric == "m_count");
  CHECK(seen.samples[0].value == 42);
  CHECK(seen.samples[1].quantile == "0.95");
  CHECK(seen.samples[1].value == 0.2);
}

TEST_CASE("An answer says what was refused, and nothing where nothing was") {
  CHECK(OtlpAnswer(0, "").empty());
  otel::ExportMetricsServiceResponse answer;
  REQUIRE(answer.ParseFromString(OtlpAnswer(300, "why")));
  CHECK(answer.partial_success().rejected_data_points() == 300);
  CHECK(answer.partial_success().error_message() == "why");
}

TEST_CASE("Malformed bytes are no batch") {
  Batch batch;
  Timed(batch.metric->mutable_histogram()->add_data_points());
  const std::string whole = batch.request.SerializeAsString();
  Seen seen;
  for (size_t cut = 1; cut < whole.size(); ++cut) {
    CHECK(absl::IsInvalidArgument(ReadOtlp(whole.substr(0, cut), seen)));
  }
}
