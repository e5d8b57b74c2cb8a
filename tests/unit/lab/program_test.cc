// The real program on small files: exit codes, fields, and rubbish.
#include <nlohmann/json.hpp>

#include "program_bench.h"

namespace shadowd::lab {
namespace {

std::string PointsCsv() {
  std::string text = "load_rps,cpu_cores,p50_us,p95_us,p99_us,error_rate,requests\n";
  for (const double load : {20, 40, 60, 80, 100, 120, 140, 150}) {
    const double r = load / 200, p95 = 10'000 + 20'000 * r / (1 - r);
    text += fmt::format("{},{},{},{},{},0,20000\n", load, 0.004 * load, p95 / 3, p95, p95 * 1.5);
  }
  return text;
}

std::string SamplesCsv() {
  std::string text = "time_us,latency_us,ok\n";
  for (int i = 0; i < 4000; ++i) {
    text += fmt::format("{},{},1\n", i * 5'000, 10'000 + i * 7919 % 20'000);
  }
  return text;
}

}  // namespace

TEST_CASE("capacity fit answers with load, level and predictions") {
  const Bench bench;
  const std::string points = bench.Write("p.csv", PointsCsv());
  const Result result = bench.Run("capacity fit --points " + points +
                                  " --slo 'p95_us<=50000' --demand 1000 --predict 100 --predict 120 --json");
  INFO(result.err);
  REQUIRE(result.code == 0);
  const auto json = nlohmann::json::parse(result.out);
  CHECK(json["max_load_rps"].get<double>() == Approx(133).epsilon(0.06));
  CHECK(json["level"] == 8);
  CHECK(json["predictions"].size() == 2);
  CHECK(json["predictions"][1]["load_rps"] == 120);
  CHECK(json["predictions"][0]["p95_us"]["expected"].get<double>() == Approx(30'000).epsilon(0.05));
  CHECK(bench.Run("capacity fit --points " + points + " --slo 'p95_us<=50000' --demand 10")
            .out.find("replicas") != std::string::npos);
  bench.Refused("capacity fit --points " + points + " --slo fast --demand 10", "expected p50_us<=N");
  bench.Refused("capacity fit --points " + points + " --slo 'p95_us<=50000' --demand -5", "demand");
}

TEST_CASE("analyze answers with a verdict") {
  const Bench bench;
  const std::string files = "--prediction " + bench.Write("P.json", R"({"latency_us": {"p95": 60000}})") +
                            " --samples " + bench.Write("s.csv", SamplesCsv());
  const Result result = bench.Run("analyze " + files + " --limit 'p95_us<=40000' --json");
  INFO(result.err);
  REQUIRE(result.code == 0);
  const auto json = nlohmann::json::parse(result.out);
  CHECK(json["model"] == "OFF");
  CHECK(json["slo"] == "HOLDS");
  CHECK(json["samples_used"].get<int>() <= 4000);
  CHECK(json["kpis"].size() > 0);
  CHECK(bench.Run("analyze " + files).out.find("model OFF") != std::string::npos);
  bench.Refused("analyze " + files + " --null " + bench.Path("s.csv"), "go together");
}

TEST_CASE("simulate compares policies, writes its report and prints one JSON object") {
  const Bench bench;
  const std::string trace = bench.Write("t.csv", TraceCsv());
  const Result result = bench.Run(
      fmt::format("simulate --trace {} --event deploy:50%:+30% --policy hpa,oracle --seeds 2 --html {} "
                  "--plot {} --json",
                  trace, bench.Path("r.html"), bench.Path("r.svg")));
  INFO(result.err);
  REQUIRE(result.code == 0);
  const auto json = nlohmann::json::parse(result.out);
  CHECK(json["policies"].size() == 2);
  CHECK(json["policies"]["hpa"]["instance_hours"].get<double>() > 0);
  CHECK(bench.Read("r.html").find("</html>") != std::string::npos);
  CHECK(bench.Read("r.svg").starts_with("<svg"));
  const std::string simulate = "simulate --trace " + trace + " ";
  bench.Refused(simulate + "--policy magic", "'magic' is not known");
  bench.Refused(simulate + "--policy hpa --event deploy:30h:+30%", "outside of what is played");
  bench.Refused(simulate + "--policy hpa --event deploy", "event");
  bench.Refused(simulate + "--service " + bench.Write("s.yaml", "name: shop\nboundz: 3\n"), "s.yaml:2");
  bench.Refused(simulate + "--policy hpa --html " + bench.Path("no/such/folder"), "No such file", 3);
}

TEST_CASE("rubbish is refused with file, line and field") {
  const Bench bench;
  const std::string head = "timestamp,value\n1000,5\n1060,6\n";
  for (const std::string command : {"forecast evaluate --input ", "simulate --policy hpa --trace "}) {
    bench.Refused(command + bench.Path("none.csv"), "none.csv: No such file", 3);
    bench.Refused(command + bench.Write("e.csv", ""), "e.csv: the file is empty");
    bench.Refused(command + bench.Write("c.csv", "timestamp,cpu\n1,2\n"),
                  "c.csv:1: there is no column 'value'");
    bench.Refused(command + bench.Write("x.csv", head + "1120,lots\n"), "x.csv:4: value: 'lots'");
    bench.Refused(command + bench.Write("n.csv", head + "1120,NaN\n"), "n.csv:4: value: 'NaN'");
    bench.Refused(command + bench.Write("i.csv", head + "1120,inf\n"), "i.csv:4: value: 'inf'");
    bench.Refused(command + bench.Write("o.csv", head + "1120,-Infinity\n"), "o.csv:4: value: '-Infinity'");
    bench.Refused(command + bench.Write("h.csv", head + "1120,1e999\n"), "h.csv:4: value: '1e999'");
    bench.Refused(command + bench.Write("w.csv", head + "inf,7\n"), "w.csv:4: timestamp: 'inf'");
    bench.Refused(command + bench.Write("u.csv", head + "1030,7\n"),
                  "u.csv:4: timestamp: it does not come after");
    bench.Refused(command + bench.Write("m.csv", "timestamp,value\n1700000000000,5\n"), "milliseconds");
    bench.Refused(command + bench.Write("b.csv", std::string("\x7f"
                                                             "ELF\0\x01\x02\n\xff\xfe,\0",
                                                             13)),
                  "no column");
    bench.Refused(command + bench.Write("z.csv.gz", std::string("\x1f\x8b\x08\0\0\0\0\0\0\3rubbish", 17)),
                  "gzip");
  }
  bench.Refused("forecast evaluate --input " + bench.Write("s.csv", head), "2 steps are too few");
  bench.Refused("simulate --policy hpa --trace " + bench.Path("s.csv"), "at least 2 h are needed");
  bench.Refused("analyze --prediction " + bench.Write("P.json", "{") + " --samples " + bench.Path("e.csv"),
                "P.json");
  bench.Refused("capacity fit --slo 'p95_us<=1000' --demand 1 --points " +
                    bench.Write("p.csv", "load_rps,p95_us\n5,fast\n"),
                "p.csv:2: p95_us: 'fast'");
}

TEST_CASE("a packed file that was cut short is refused wherever the cut is") {
  const Bench bench;
  const std::string text = TraceCsv();
  const size_t whole = std::filesystem::file_size(bench.WriteGzip("t.csv.gz", text));
  REQUIRE(bench.Run("forecast evaluate --origins 1 --input " + bench.Path("t.csv.gz")).code == 0);
  for (const size_t left :
       {size_t{5}, size_t{12}, whole / 4, whole / 2, whole - 9, whole - 8, whole - 4, whole - 1}) {
    CAPTURE(left, whole);
    const std::string cut = bench.WriteGzip("c.csv.gz", text, left);
    bench.Refused("forecast evaluate --input " + cut + " --json", "c.csv.gz: its gzip stream is cut off");
    bench.Refused("forecast evaluate --m4 " + cut + " --horizon 48 --season 24 --m4-test " + cut, "gzip");
  }
  bench.Refused("forecast evaluate --input " + bench.WriteGzip("c.csv.gz", text, 1), "no column");
  bench.Refused("forecast evaluate --input " + bench.WriteGzip("c.csv.gz", text, 0), "the file is empty");
}

TEST_CASE("usage errors exit with 2, help with 0") {
  const Bench bench;
  CHECK(bench.Run("").code == 2);
  CHECK(bench.Run("forecast").code == 2);
  CHECK(bench.Run("forecast evaluate").code == 2);
  CHECK(bench.Run("simulate").code == 2);
  CHECK(bench.Run("simulate --trace x --seeds 0").code == 2);
  CHECK(bench.Run("forecast evaluate --input x --coverage 2").code == 2);
  const Result help = bench.Run("--help");
  CHECK(help.code == 0);
  CHECK(help.out.find("simulate") != std::string::npos);
  CHECK(bench.Run("simulate --help").out.find("weekly-offset") != std::string::npos);
}

}  // namespace shadowd::lab
