#include "kpi/series_book.h"

#include <cmath>
#include <limits>
#include <string>

#include "require_ok.h"

using namespace shadowd;
using namespace shadowd::kpi;
using model::SeriesKind;
using model::SeriesKpi;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

WallTime At(double seconds) {
  return WallTime(FromSeconds(1e9 + seconds));
}

SeriesBook Book(SeriesBook::Options options = {}) {
  return SeriesBook(RuleTable({{"requests_total", {}, SeriesKpi::kRequests, SeriesKind::kAuto, 1, "{job}"},
                               {"errors_total", {}, SeriesKpi::kErrors, SeriesKind::kAuto, 1, "{job}"},
                               {"seconds", {}, SeriesKpi::kLatency, SeriesKind::kAuto, 1, "{job}"},
                               {"memory", {}, SeriesKpi::kMemory, SeriesKind::kAuto, 1024, "{job}"},
                               {"up", {}, SeriesKpi::kReplicas, SeriesKind::kAuto, 1, "{job}"}}),
                    options);
}

Taken Put(SeriesBook& book, const char* metric, double value, double at, int64_t window,
          std::vector<Label> more = {}) {
  more.push_back({"job", "web"});
  SeriesSample sample;
  sample.metric = metric;
  sample.labels = more;
  sample.value = value;
  sample.at = At(at);
  return book.Add(sample, window);
}

Reading Only(SeriesBook& book, int64_t window) {
  auto readings = book.Close(window);
  REQUIRE(readings.size() == 1);
  CHECK(readings[0].first == "web");
  return readings[0].second;
}

}  // namespace

TEST_CASE("Counters become rates, summed over series, and gauges are summed") {
  SeriesBook book = Book();
  Put(book, "requests_total", 100, 0, 0, {{"i", "1"}});
  Put(book, "requests_total", 7, 1, 0, {{"i", "2"}});
  CHECK_FALSE(Only(book, 0).demand_rps);  // one value of a counter tells nothing
  Put(book, "requests_total", 250, 15, 1, {{"i", "1"}});
  Put(book, "requests_total", 22, 16, 1, {{"i", "2"}});
  Put(book, "errors_total", 0, 0.5, 1);
  Put(book, "errors_total", 11, 10.5, 1);
  Put(book, "memory", 2, 15, 1, {{"i", "1"}});
  Put(book, "memory", 3, 15, 1, {{"i", "2"}});
  Put(book, "up", 1, 15, 1, {{"i", "1"}});
  Put(book, "up", 1, 15, 1, {{"i", "2"}});
  const Reading reading = Only(book, 1);
  CHECK(reading.demand_rps.value() == Approx(11));
  CHECK(reading.error_ratio.value() == Approx(0.1));
  CHECK(reading.memory_bytes == 5 * 1024.0);
  CHECK(reading.replicas == 2.0);
}

TEST_CASE("A counter that falls has begun anew, and one that says when is believed") {
  SeriesBook book = Book();
  Put(book, "requests_total", 1000, 0, 0);
  Put(book, "requests_total", 30, 10, 0);
  CHECK(Only(book, 0).demand_rps.value() == Approx(3));
  SeriesBook told = Book();
  const std::vector<Label> labels = {{"job", "web"}};
  told.Add(SeriesSample{"requests_total", labels, SeriesKind::kCounter, 10, At(0), At(-100), false}, 0);
  told.Add(SeriesSample{"requests_total", labels, SeriesKind::kCounter, 50, At(10), At(2), false}, 0);
  CHECK(Only(told, 0).demand_rps.value() == Approx(5));  // 50 since the start, not 40 since the last value
}

TEST_CASE("A counter that was away for long begins anew, without a jump") {
  SeriesBook book = Book();
  Put(book, "requests_total", 10, 0, 0);
  Put(book, "requests_total", 1'000'000, 1000, 1);
  CHECK_FALSE(Only(book, 1).demand_rps);
}

TEST_CASE("NaN, stale marks and what comes twice or late count for nothing") {
  SeriesBook book = Book();
  CHECK(Put(book, "requests_total", 10, 0, 1) == Taken::kTaken);
  CHECK(Put(book, "requests_total", 20, 0, 1) == Taken::kLate);
  CHECK(Put(book, "requests_total", std::nan(""), 5, 1) == Taken::kNoValue);
  CHECK(Put(book, "requests_total", 20, 10, 1) == Taken::kTaken);  // no difference across the gap
  CHECK_FALSE(Only(book, 1).demand_rps);
  CHECK(Put(book, "requests_total", 30, 20, 1) == Taken::kLate);
  CHECK(Put(book, "requests_total", 30, 20, 2) == Taken::kTaken);
  CHECK(Put(book, "other", 30, 20, 2) == Taken::kNoRule);
  CHECK(Put(book, "other", 30, 21, 2) == Taken::kNoRule);
}

TEST_CASE("Buckets of several instances become quantiles") {
  SeriesBook book = Book();
  for (const double at : {0.0, 10.0}) {
    const double scale = at == 0 ? 0 : 1;
    for (const char* instance : {"1", "2"}) {
      Put(book, "requests_total", 100 * scale, at, 0, {{"i", instance}});
      Put(book, "seconds_bucket", 50 * scale, at, 0, {{"i", instance}, {"le", "0.1"}});
      Put(book, "seconds_bucket", 99 * scale, at, 0, {{"i", instance}, {"le", "0.2"}});
      Put(book, "seconds_bucket", 100 * scale, at, 0, {{"i", instance}, {"le", "+Inf"}});
    }
  }
  const Reading reading = Only(book, 0);
  REQUIRE(reading.latency_us.size() == 3);
  CHECK(reading.latency_us[0].second == Approx(100'000));
  CHECK(reading.latency_us[1].second == Approx(191'836.7));
  CHECK(reading.latency_us[2].second == Approx(200'000));
}

TEST_CASE("Quantiles of a summary are taken as they are, the worst of all instances") {
  SeriesBook book = Book();
  Put(book, "requests_total", 0, 0, 0);
  Put(book, "requests_total", 10, 10, 0);
  Put(book, "seconds", 0.01, 10, 0, {{"i", "1"}, {"quantile", "0.95"}});
  Put(book, "seconds", 0.03, 10, 0, {{"i", "2"}, {"quantile", "0.95"}});
  const Reading reading = Only(book, 0);
  REQUIRE(reading.latency_us.size() == 1);
  CHECK(reading.latency_us[0] == std::pair(0.95, 30'000.0));
}

TEST_CASE("Whole histograms are counted, cumulative and as differences, and begin anew") {
  const bool delta = GENERATE(false, true);
  SeriesBook book = Book();
  const std::vector<Label> labels = {{"job", "web"}};
  HistogramSample sample;
  sample.metric = "seconds";
  sample.labels = labels;
  sample.uppers = {0.1, 0.2, kInf};
  sample.delta = delta;
  sample.start = At(0);
  sample.at = At(10);
  sample.counts = {1000, 1000, 1000};
  CHECK(book.Add(sample, 0) == Taken::kTaken);
  CHECK(book.Add(sample, 0) == Taken::kLate);
  book.Close(0);
  sample.at = At(20);
  sample.start = delta ? At(10) : At(0);
  sample.counts = delta ? std::vector<double>{90, 10, 0} : std::vector<double>{1090, 1010, 1000};
  CHECK(book.Add(sample, 1) == Taken::kTaken);
  Put(book, "requests_total", 0, 10, 1);
  Put(book, "requests_total", 100, 20, 1);
  const Reading reading = Only(book, 1);
  REQUIRE(reading.latency_us.size() == 3);
  CHECK(reading.latency_us[0].second == Approx(55'555.6));
  CHECK(reading.latency_us[2].second == Approx(190'000));
}

TEST_CASE("Several windows may be open, and each has its own") {
  SeriesBook book = Book();
  Put(book, "requests_total", 0, 0, 0);
  Put(book, "requests_total", 10, 10, 0);
  Put(book, "requests_total", 50, 20, 1);
  CHECK(Only(book, 0).demand_rps.value() == Approx(1));
  CHECK(Only(book, 1).demand_rps.value() == Approx(4));
  CHECK(book.Close(2).empty());
}

TEST_CASE("An explosion of labels is refused, of one service and of all") {
  SeriesBook book = Book({.series_max = 100, .series_per_service_max = 10});
  int refused = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = std::to_string(i);
    refused += Put(book, "requests_total", 1, 0, 0, {{"user", id}}) == Taken::kTooManySeries ? 1 : 0;
  }
  CHECK(refused == 990);
  for (int i = 0; i < 1000; ++i) {
    const std::string id = "s" + std::to_string(i);
    const std::vector<Label> labels = {{"job", id}};
    SeriesSample sample;
    sample.metric = "up";
    sample.labels = labels;
    sample.at = At(0);
    book.Add(sample, 0);
  }
  CHECK(book.series() == 100);
  for (int64_t window = 0; window < 1000; ++window) {  // those that ended long ago make room
    book.Close(window);
  }
  CHECK(book.series() == 0);
  CHECK(Put(book, "requests_total", 1, 0, 1000) == Taken::kTaken);
}
