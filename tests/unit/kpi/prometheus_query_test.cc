#include "kpi/prometheus_query.h"

#include "require_ok.h"

using namespace shadowd;
using namespace shadowd::kpi;

namespace {
std::string Vector(const std::string& result) {
  return R"({"status":"success","data":{"resultType":"vector","result":[)" + result + "]}}";
}
std::string Point(const std::string& value) {
  return R"({"metric":{"job":"a"},"value":[1700000000.5,")" + value + "\"]}";
}
}  // namespace

TEST_CASE("A question is encoded, with its time in seconds") {
  CHECK(
      InstantQuery("sum(a{b=\"c\"}) + 1", WallFromMicros(1'700'000'000'250'000), std::chrono::seconds(60)) ==
      "/api/v1/query?query=sum%28a%7Bb%3D%22c%22%7D%29%20%2B%201&time=1700000000.250&lookback_delta=60.000s");
  CHECK(RangeQuery("x", WallFromMicros(0), WallFromMicros(60'000'000), std::chrono::seconds(15)) ==
        "/api/v1/query_range?query=x&start=0.000&end=60.000&step=15.000");
}

TEST_CASE("One series or a scalar is a value; none, NaN and infinity are missing") {
  CHECK(ParseInstant(Vector(Point("42.5"))).value() == 42.5);
  CHECK(ParseInstant(R"({"status":"success","data":{"resultType":"scalar","result":[1,"7"]}})").value() ==
        7.0);
  CHECK(ParseInstant(Vector("")).value() == std::nullopt);
  CHECK(ParseInstant(Vector(Point("NaN"))).value() == std::nullopt);
  CHECK(ParseInstant(Vector(Point("+Inf"))).value() == std::nullopt);
}

TEST_CASE("Several series are the fault of the query, and the message says what to do") {
  const Status status = ParseInstant(Vector(Point("1") + "," + Point("2"))).status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK(ReasonOf(status) == "MANY_SERIES");
  CHECK(MessageOf(status).find("sum()") != std::string::npos);
}

TEST_CASE("What the server says is wrong is told with its words") {
  const auto said = [](const std::string& type) {
    return ParseInstant(R"({"status":"error","errorType":")" + type + R"(","error":"because"})").status();
  };
  CHECK(absl::IsInvalidArgument(said("bad_data")));
  CHECK(absl::IsInvalidArgument(said("execution")));
  CHECK(absl::IsUnavailable(said("timeout")));
  CHECK(MessageOf(said("timeout")).find("timeout: because") != std::string::npos);
}

TEST_CASE("What is no answer of a Prometheus is shown by its beginning") {
  for (const std::string& body :
       {std::string("<html><body>Sign in</body></html>"), std::string(""), std::string("[]"),
        std::string("{}"), std::string(R"({"status":"success"})"), Vector("1"), Vector(R"({"value":[1]})"),
        Vector(R"({"value":["x","1"]})"), Vector(R"({"value":[1,"one"]})"),
        std::string(R"({"status":"success","data":{"resultType":"vector","result":{}}})")}) {
    INFO(body);
    const Status status = ParseInstant(body).status();
    CHECK(absl::IsUnavailable(status));
    CHECK(ReasonOf(status) == "NO_PROMETHEUS");
  }
  CHECK(MessageOf(ParseInstant("<html>").status()).find("<html>") != std::string::npos);
  CHECK(absl::IsInvalidArgument(
      ParseInstant(R"({"status":"success","data":{"resultType":"matrix","result":[]}})").status()));
}

TEST_CASE("A range has its finite points in order, and may be empty") {
  const auto points = ParseRange(R"({"status":"success","data":{"resultType":"matrix","result":[)"
                                 R"({"metric":{},"values":[[60,"1"],[75,"NaN"],[90,"3"],[80,"2"]]}]}})");
  REQUIRE_OK(points);
  REQUIRE(points->size() == 2);
  CHECK((*points)[1] == std::pair(WallFromMicros(90'000'000), 3.0));
  CHECK(ParseRange(R"({"status":"success","data":{"resultType":"matrix","result":[]}})").value().empty());
  CHECK(ReasonOf(ParseRange(Vector(Point("1"))).status()) == "NO_PROMETHEUS");
}
