#include "lab/trace_file.h"

#include <cmath>

#include "require_ok.h"

namespace shadowd::lab {
namespace {

std::string Fault(std::string_view text, const std::string& column = "") {
  return MessageOf(ParseTrace(text, "t.csv", column).status());
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("rows become even steps, with gaps where nothing is") {
  const auto trace = ParseTrace("timestamp,value\n1000,5\n1060,6\n1120,\n1180,7\n1300,8\n1359.5,9\n1420,11\n",
                                "dir/t.csv.gz");
  REQUIRE_OK(trace);
  CHECK(trace->name == "t");
  CHECK(trace->start == WallFromMicros(1'000'000'000));
  CHECK(trace->step == std::chrono::seconds(60));
  REQUIRE(trace->demand_rps.size() == 8);
  CHECK(trace->demand_rps[1] == 6);
  CHECK(std::isnan(trace->demand_rps[2]));
  CHECK(trace->demand_rps[3] == 7);
  CHECK(std::isnan(trace->demand_rps[4]));
  CHECK(trace->demand_rps[5] == 8);
  CHECK(trace->demand_rps[6] == 9);
  CHECK(trace->demand_rps[7] == 11);
}

TEST_CASE("rows between the steps are refused with their line, what they are off by and what is expected") {
  const std::string head = "timestamp,value\n1000,5\n1060,6\n\n1120,6\n1180,6\n";
  CHECK(Fault(head + "1257,7\n1300,8\n") ==
        "t.csv:7: its time lies 17 s off the even steps of 60 s from the first row on; expected whole steps "
        "between rows, within 0.6 s (a row that is missing is a gap)");
  CHECK(Has(Fault(head + "1239,7\n"), "t.csv:7: its time lies 1 s off"));
  CHECK(Has(Fault(head + "1195,6\n1210,6\n"), "t.csv:7: its time lies 15 s off"));  // finer
  CHECK(Has(Fault(head + "1239.9,7\n1240.1,8\n"), "t.csv:8: its time lies in the same step of 60 s"));
  // The same samples are a history for whoever makes steps of them.
  CHECK(ParseSamples(head + "1257,7\n", "t.csv").ok());
}

TEST_CASE("the demand is the column value, or rps, or the one that is asked for") {
  CHECK(ParseTrace("time,rps\n1,5\n2,6\n", "t.csv").value().demand_rps[0] == 5);
  CHECK(ParseTrace("time,rps,value\n1,5,50\n2,6,60\n", "t.csv").value().demand_rps[0] == 50);
  CHECK(ParseTrace("time,rps,value\n1,5,50\n2,6,60\n", "t.csv", "rps").value().demand_rps[0] == 5);
  CHECK(Has(Fault("time,load\n1,5\n"), "no column 'value'"));
  CHECK(Has(Fault("time,value\n1,5\n", "reqs"), "no column 'reqs'"));
  CHECK(Has(Fault("when,value\n1,5\n"), "no column 'timestamp'"));
}

TEST_CASE("what cannot be a history is refused with its place and reason") {
  CHECK(Has(Fault("time,value\n1,five\n2,6\n"), "t.csv:2: value: 'five', expected a number >= 0"));
  CHECK(Has(Fault("time,value\n1,5\n2,NaN\n"), "t.csv:3: value: 'NaN'"));
  CHECK(Has(Fault("time,value\n1,5\n2,-1\n"), "t.csv:3: value: '-1'"));
  CHECK(Has(Fault("time,value\n1,5\n3,6\n2,7\n"), "t.csv:4: time: it does not come after the row before"));
  CHECK(Has(Fault("time,value\n1,5\n1,6\n"), "t.csv:3: time"));
  CHECK(Has(Fault("time,value\n1700000000000,5\n1700000060000,6\n"), "milliseconds"));
  CHECK(Has(Fault("time,value\n1,5\n"), "needs at least 2"));
  CHECK(Has(Fault("time,value\n1,\n2,\n"), "no row has a value"));
  CHECK(Has(Fault("time,value\n1,5\n1.001,6\n1.002,7\n"), "steps of at least 10 ms"));
  CHECK(Has(Fault("time,value\n1,5\n2,6\n3,6\n90000000,7\n"), "in one unit"));
  CHECK(Has(Fault(std::string_view("\x1f\x8b\0\0\x01,\xff\n\0\0", 10)), "no column"));
}

TEST_CASE("the samples of a history keep the times that they have") {
  const auto samples = ParseSamples("time,value\n10,5\n25,\n27.5,6\n", "t.csv");
  REQUIRE_OK(samples);
  REQUIRE(samples->size() == 3);
  CHECK((*samples)[2].at == WallFromMicros(27'500'000));
  CHECK(std::isnan((*samples)[1].rps));
}

TEST_CASE("series in the long format are read in order") {
  const auto series = ParseSeries("series,step,value\nH1,1,5\nH1,2,6\nH2,1,7\n", "m4.csv");
  REQUIRE_OK(series);
  REQUIRE(series->size() == 2);
  CHECK((*series)[0].name == "H1");
  CHECK((*series)[0].values == std::vector<double>{5, 6});
  CHECK((*series)[1].values == std::vector<double>{7});
  const auto fault = [](std::string_view rows) {
    return MessageOf(ParseSeries("series,step,value\n" + std::string(rows), "m4.csv").status());
  };
  CHECK(Has(fault(""), "no rows"));
  CHECK(Has(fault("H1,1,5\nH1,3,6\n"), "m4.csv:3: step: '3', expected 2"));
  CHECK(Has(fault("H1,1,5\nH2,1,6\nH1,2,6\n"), "do not stand together"));
  CHECK(Has(fault("H1,1,x\n"), "m4.csv:2: value"));
  CHECK(Has(fault(",1,5\n"), "m4.csv:2: series: it is empty"));
}

}  // namespace shadowd::lab
