#include "lab/load_question.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "data_file.h"
#include "input/input_file.h"

namespace shadowd::lab {
namespace {

template <typename T>
std::string Why(const StatusOr<T>& result) {
  return MessageOf(result.status());
}

}  // namespace

TEST_CASE("rates: constant, a ramp, steps") {
  CHECK(ParseRate("200", 10)->RateAt(5) == 200);
  CHECK(ParseRate("100..300", 10)->RateAt(5) == 200);
  const load::RateCurve steps = *ParseRate("100,200,400", 30);
  CHECK(steps.RateAt(5) == 100);
  CHECK(steps.RateAt(15) == 200);
  CHECK(steps.RateAt(29) == 400);
  CHECK(steps.Between(0, 30) == Approx(7000));
}

TEST_CASE("rates that are none are refused") {
  CHECK(Why(ParseRate("0", 10)) == "--rate: 0 requests per second send nothing");
  for (const char* bad : {"-5", "nan", "inf", "1e9", "fast", "", "10..", "1,,2"}) {
    INFO(bad);
    CHECK_FALSE(ParseRate(bad, 10).ok());
  }
}

TEST_CASE("a profile is a history of the rate, from its first time on") {
  const RateProfile profile = *ParseProfile("time,value\n1000,10\n1010,30\n1010,5\n1020,5\n", "p.csv");
  CHECK(profile.seconds == 20);
  CHECK(profile.rate.RateAt(5) == 20);
  CHECK(profile.rate.RateAt(15) == 5);
  CHECK(profile.rate.Between(0, 20) == Approx(250));
  CHECK(ParseProfile("timestamp,rps\n0,1\n1,2\n", "p.csv").ok());
}

TEST_CASE("a profile with holes or backwards names the line") {
  CHECK(Why(ParseProfile("time,value\n0,1\n1,\n2,3\n", "p.csv")) ==
        "p.csv:3: value: is empty: a profile must say the rate of each of its times");
  CHECK(Why(ParseProfile("time,value\n5,1\n1,2\n", "p.csv")).find("p.csv:3: time: is earlier") == 0);
  CHECK(Why(ParseProfile("time,value\n0,-1\n1,2\n", "p.csv")).find("p.csv:2: value:") == 0);
  CHECK(Why(ParseProfile("time,value\n0,1e12\n1,2\n", "p.csv")).find("p.csv:2: value: is more than") == 0);
  CHECK(Why(ParseProfile("time,value\n0,1\n", "p.csv")) == "p.csv: a profile needs at least two times");
  CHECK_FALSE(ParseProfile("a,b\n0,1\n", "p.csv").ok());
}

TEST_CASE("arrivals by name") {
  CHECK(ParseArrival("constant")->kind == load::ArrivalKind::kConstant);
  CHECK(ParseArrival("erlang:4")->order == 4);
  CHECK(ParseArrival("gamma:2.5")->gamma_shape == 2.5);
  CHECK(ParseArrival("trace:a.csv")->trace == "a.csv");
  for (const char* bad : {"gamma", "gamma:0", "gamma:x", "erlang:0", "trace:", "uniform"}) {
    INFO(bad);
    CHECK(Why(ParseArrival(bad)).find("--arrival:") == 0);
  }
}

TEST_CASE("recorded times start at zero, are sorted, and stretched to a rate") {
  CHECK(*ParseTimes("time_us\n3000000\n1000000\n2000000\n", "t.csv", 0) == std::vector<double>{0, 1, 2});
  const std::vector<double> stretched = *ParseTimes("time_us\n0\n1000000\n2000000\n", "t.csv", 30);
  CHECK(stretched[2] == Approx(0.1));
  CHECK(Why(ParseTimes("time_us\n", "t.csv", 0)) == "t.csv: no times");
  CHECK_FALSE(ParseTimes("time_us\n5\n5\n", "t.csv", 10).ok());
  CHECK(Why(ParseTimes("time_us\n5\nx\n", "t.csv", 0)).find("t.csv:3: time_us:") == 0);
}

TEST_CASE("a mix: weights, variables, hours") {
  const std::string text =
      "weight,method,path,hour\n3,GET,/item/{1-100},\n1,POST,/cart,9\n1,GET,/night,3\n0,GET,/never,\n";
  const std::vector<WeightedForm> all = *ParseMix(text, "m.csv", -1, 1);
  CHECK(all.size() == kDrawsAPattern + 2);
  const std::vector<WeightedForm> nine = *ParseMix(text, "m.csv", 9, 1);
  REQUIRE(nine.size() == kDrawsAPattern + 1);
  double weight = 0;
  for (const WeightedForm& form : nine) {
    weight += form.weight;
  }
  CHECK(weight == Approx(4));
  CHECK(nine.back().form.method == "POST");
  CHECK(Why(ParseMix("weight,method,path\n1,GET,no-slash\n", "m.csv", -1, 1)).find("m.csv:2: path:") == 0);
  CHECK(Why(ParseMix("weight,method,path\n-1,GET,/\n", "m.csv", -1, 1)).find("m.csv:2: weight:") == 0);
  CHECK(Why(ParseMix("weight,method,path,hour\n1,GET,/,24\n", "m.csv", -1, 1)).find("m.csv:2: hour:") == 0);
  CHECK(Why(ParseMix("weight,method,path,hour\n1,GET,/,2\n", "m.csv", 3, 1)) ==
        "m.csv: no row with a weight over 0 in hour 3");
}

TEST_CASE("an access log: GETs and HEADs as frequent as they were") {
  const std::string line = " - - [10/Oct/2000:13:55:36 -0700] ";
  const std::string text = "a" + line + "\"GET /x HTTP/1.1\" 200 1\nb" + line +
                           "\"GET /x HTTP/1.1\" 200 1\nc" + line + "\"HEAD /y HTTP/1.1\" 200 1\nd" + line +
                           "\"POST /z HTTP/1.1\" 200 1\nrubbish\n";
  const std::vector<WeightedForm> forms = *ParseLog(text, "a.log", -1);
  REQUIRE(forms.size() == 2);
  CHECK(forms[0].form.target == "/x");
  CHECK(forms[0].weight == 2);
  CHECK(forms[1].form.method == "HEAD");
  CHECK(Why(ParseLog(text, "a.log", 3)).find("no GET or HEAD in hour 3 among 5 lines, 4 of which") !=
        std::string::npos);
}

TEST_CASE("real access logs are understood but for the lines that nobody could send again") {
  const std::string folder = std::getenv("SHADOWD_DATA") == nullptr ? "" : std::getenv("SHADOWD_DATA");
  if (!std::filesystem::exists(folder + "/logs")) {
    WARN("SHADOWD_DATA has no logs: skipped");
    return;
  }
  const auto weight = [&](const std::string& name) {
    const std::string text = *input::ReadInput(folder + "/logs/" + name);
    double sum = 0;
    const StatusOr<std::vector<WeightedForm>> forms = ParseLog(text, name, -1);
    for (const WeightedForm& form : *forms) {
      sum += form.weight;
    }
    return sum;
  };
  CHECK(weight("elastic-apache-combined.log.gz") >= 9951 + 42 - 10);  // of GET and HEAD there
  CHECK(weight("nasa-jul95-head-common.log.gz") >= 3987 + 1 - 10);
}

}  // namespace shadowd::lab
