#include "lab/load_answer.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace shadowd::lab {
namespace {

LoadAnswer Sample() {
  LoadAnswer answer;
  answer.url = "http://shop/";
  answer.seconds = 2;
  answer.cpu_seconds = 0.25;
  load::RunCounts& c = answer.counts;
  c.planned = 102;
  c.sent = 101;
  c.not_sent = 1;
  c.completed = 100;
  c.unanswered["timeout"] = 1;
  c.wrong_answers["status_5xx"] = 3;
  c.statuses = {{2, 97}, {5, 3}};
  c.connections = 7;
  for (int i = 1; i <= 100; ++i) {
    c.latency.Record(i * 10);
    c.send_lag.Record(1);
    c.connection_wait.Record(1);
  }
  return answer;
}

}  // namespace

TEST_CASE("JSON has the fields that scripts rely on") {
  const nlohmann::ordered_json json = ToJson(Sample());
  CHECK(json["planned"] == 102);
  CHECK(json["sent"] == 101);
  CHECK(json["completed"] == 100);
  CHECK(json["errors_by_kind"] == nlohmann::ordered_json({{"timeout", 1}, {"status_5xx", 3}}));
  CHECK(json["rate"] == 50.0);
  CHECK(json["latency_us"]["p50"] == 500);
  CHECK(json["latency_us"]["p90"] == 900);
  CHECK(json["latency_us"]["p99"] == 990);
  CHECK(json["latency_us"]["p999"] == 1000);
  CHECK(json["latency_us"]["max"] == 1000);
  CHECK(json["send_lag_us"]["p99"] == 1);
  CHECK(json["cpu_seconds"] == 0.25);
  CHECK(json["valid"] == true);
  CHECK_FALSE(json.contains("routes"));
}

TEST_CASE("the text has a table, errors by kind and a plot of the percentiles") {
  const std::string text = ToText(Sample());
  CHECK(text.find("completed         100, 50.0 a second") != std::string::npos);
  CHECK(text.find("errors            4, timeout 1, status_5xx 3") != std::string::npos);
  CHECK(text.find("1 were due and found no free connection") != std::string::npos);
  CHECK(text.find("p99.9        1.000  ####") != std::string::npos);
  CHECK(text.find("Not valid") == std::string::npos);
}

TEST_CASE("the percentile distribution is HdrHistogram's: rising, complete, in milliseconds") {
  const std::string text = HdrDistribution(Sample().counts.latency);
  CHECK(text.find("       Value     Percentile TotalCount 1/(1-Percentile)\n\n") == 0);
  CHECK(text.find("       0.500 0.500000000000         50           2.00\n") != std::string::npos);
  CHECK(text.find("       1.000 1.000000000000        100\n") != std::string::npos);
  CHECK(text.find("#[Max     =        1.000, Total count    =          100]") != std::string::npos);
}

}  // namespace shadowd::lab
