#include "kpi/ingest.h"

#include "otlp/metrics.pb.h"
#include "require_ok.h"

using namespace shadowd;
using namespace shadowd::kpi;
namespace otel = opentelemetry::proto::collector::metrics::v1;

namespace {

const WallTime kNow = WallFromMicros(1'700'000'010'000'000);  // a whole number of 10 s

Ingest Fresh(size_t series_max = 100) {
  return Ingest(RuleTable({{"requests_total", {}, model::SeriesKpi::kRequests, {}, 1, "{service.name}"}}),
                {.interval = std::chrono::seconds(10), .series_max = series_max}, kNow);
}

StatusOr<BatchOutcome> Put(Ingest& ingest, double value, Micros after, const std::string& more = "") {
  otel::ExportMetricsServiceRequest request;
  auto* resource = request.add_resource_metrics();
  auto* name = resource->mutable_resource()->add_attributes();
  name->set_key("service.name");
  name->mutable_value()->set_string_value("web");
  auto* metric = resource->add_scope_metrics()->add_metrics();
  metric->set_name("requests_total");
  metric->mutable_sum()->set_is_monotonic(true);
  metric->mutable_sum()->set_aggregation_temporality(2);
  auto* point = metric->mutable_sum()->add_data_points();
  point->set_time_unix_nano(static_cast<uint64_t>(ToMicros(kNow + after)) * 1000);
  point->set_as_double(value);
  if (!more.empty()) {
    auto* attribute = point->add_attributes();
    attribute->set_key("user");
    attribute->mutable_value()->set_string_value(more);
  }
  return ingest.TakeOtlp(request.SerializeAsString());
}

Fate FateOf(const StatusOr<BatchOutcome>& outcome) {
  REQUIRE_OK(outcome);
  for (const Fate fate : kAllFates) {
    if (outcome->Of(fate) == 1) {
      return fate;
    }
  }
  return Fate::kNotUsable;
}

using std::chrono::hours;
using std::chrono::seconds;

}  // namespace

TEST_CASE("A window is told a moment after its end, with its time") {
  Ingest ingest = Fresh();
  CHECK(FateOf(Put(ingest, 0, seconds(1))) == Fate::kTaken);
  CHECK(FateOf(Put(ingest, 90, seconds(9))) == Fate::kTaken);
  CHECK(FateOf(Put(ingest, 100, seconds(11))) == Fate::kTaken);  // of the next one
  CHECK(ingest.Tick(kNow + seconds(12)).empty());
  const auto readings = ingest.Tick(kNow + seconds(16));
  REQUIRE(readings.size() == 1);
  CHECK(readings[0].first == "web");
  CHECK(readings[0].second.start == kNow);
  CHECK(readings[0].second.length == seconds(10));
  CHECK(readings[0].second.demand_rps.value() == Approx(11.25));
  CHECK(ingest.Tick(kNow + seconds(17)).empty());
}

TEST_CASE("Samples of 1970 and of 2100 are refused with words, and harm no others") {
  Ingest ingest = Fresh();
  const auto old = Put(ingest, 1, -(kNow - WallTime()));
  CHECK(FateOf(old) == Fate::kTooOld);
  CHECK(old->refused() == 1);
  CHECK(old->Why().find("older than the present window") != std::string::npos);
  const auto future = Put(ingest, 1, hours(24 * 365 * 75));
  CHECK(FateOf(future) == Fate::kInFuture);
  CHECK(future->Why().find("ahead of the daemon's clock") != std::string::npos);
  CHECK(FateOf(Put(ingest, 1, seconds(1))) == Fate::kTaken);
  CHECK(Put(ingest, 2, seconds(2))->Why().empty());
}

TEST_CASE("An explosion of labels is refused, counted and told") {
  Ingest ingest = Fresh(5);
  uint64_t refused = 0;
  for (int i = 0; i < 100; ++i) {
    const auto outcome = Put(ingest, 1, seconds(1), std::to_string(i));
    REQUIRE_OK(outcome);
    refused += outcome->refused();
  }
  CHECK(refused == 95);
  CHECK(Put(ingest, 1, seconds(1), "x")->Why().find("series_max") != std::string::npos);
}

TEST_CASE("Nothing is made of windows that passed while nobody looked") {
  Ingest ingest = Fresh();
  REQUIRE_OK(Put(ingest, 0, seconds(1)));
  REQUIRE_OK(Put(ingest, 9, seconds(9)));
  CHECK(ingest.Tick(kNow + hours(10)).empty());
  CHECK(ingest.Tick(kNow).empty());  // set back
}

TEST_CASE("Malformed batches are refused whole") {
  Ingest ingest = Fresh();
  CHECK(ReasonOf(ingest.TakeOtlp("nonsense").status()) == "MALFORMED_BATCH");
  CHECK(ReasonOf(ingest.TakeRemoteWrite("nonsense").status()) == "MALFORMED_BATCH");
  REQUIRE_OK(ingest.TakeOtlp(""));
}
