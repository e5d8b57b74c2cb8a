// "forecast evaluate" of the real program: what it prints, what it draws and what it refuses.
#include "lab/evaluate_command.h"

#include <nlohmann/json.hpp>

#include "data_file.h"
#include "program_bench.h"

namespace shadowd::lab {
namespace {

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("forecast evaluate scores a history and prints one JSON object") {
  const Bench bench;
  const Result result =
      bench.Run("forecast evaluate --input " + bench.Write("t.csv", TraceCsv()) + " --origins 5 --json");
  INFO(result.err);
  REQUIRE(result.code == 0);
  const auto json = nlohmann::json::parse(result.out);
  CHECK(json["series"] == 1);
  CHECK(json["mase"].is_number());
  CHECK(json["owa"].is_null());
  CHECK(json["origins"] == 2);  // an hour each, in the last 30 % of eight hours
  CHECK(json["seconds_per_forecast"].get<double>() > 0);
  const Result text =
      bench.Run("forecast evaluate --input " + bench.Path("t.csv") + " --season 120 --horizon 30");
  CHECK(text.code == 0);
  CHECK(text.out.find("sMAPE") != std::string::npos);
}

TEST_CASE("forecast evaluate takes the M4 format") {
  const Bench bench;
  const std::string head = "series,step,value\n";
  std::string whole = head, train = head, test = head;
  for (const char* name : {"H1", "H2"}) {
    for (int t = 1; t <= 400; ++t) {
      const double value = 100 + 50 * std::sin(t * 0.2618) + t % 7;
      whole += fmt::format("{},{},{}\n", name, t, value);
      train += t <= 352 ? fmt::format("{},{},{}\n", name, t, value) : "";
      test += t > 352 ? fmt::format("{},{},{}\n", name, t - 352, value) : "";
    }
  }
  const std::string files =
      fmt::format("--m4 {} --m4-test {}", bench.Write("a.csv", train), bench.Write("b.csv", test));
  const Result result = bench.Run("forecast evaluate " + files + " --horizon 48 --season 24 --json");
  INFO(result.err);
  REQUIRE(result.code == 0);
  auto scores = nlohmann::json::parse(result.out);
  CHECK(scores["series"] == 2);
  CHECK(scores["owa"].is_number());
  CHECK_FALSE(scores.contains("held_out"));
  bench.Refused("forecast evaluate " + files + " --horizon 49 --season 24", "fewer than the horizon");
  bench.Refused("forecast evaluate --input x --m4-test " + bench.Path("b.csv"), "--m4-test goes with --m4");

  // The same split is made where only the whole is at hand.
  const std::string alone = "forecast evaluate --m4 " + bench.Write("w.csv", whole);
  const Result held = bench.Run(alone + " --season 24 --json");
  INFO(held.err);
  REQUIRE(held.code == 0);
  auto same = nlohmann::json::parse(held.out);
  CHECK(same["held_out"] == 48);
  for (const char* field : {"smape", "mase", "owa", "msis", "coverage", "horizon", "origins"}) {
    CAPTURE(field);
    CHECK(same[field] == scores[field]);
  }
  CHECK(Has(bench.Run(alone).out, "Scored on the last 48 values of each series, which were held out."));
  CHECK(nlohmann::json::parse(bench.Run(alone + " --horizon 24 --json").out)["held_out"] == 24);
  bench.Refused(alone + " --horizon 390", "w.csv: series 'H1' has 400 steps: the last 390 are held out");
}

TEST_CASE("forecast evaluate draws what came, what was expected and its limits") {
  const Bench bench;
  const std::string command = "forecast evaluate --input " + bench.Write("shop.csv", TraceCsv());
  const Result result = bench.Run(command + " --json --plot " + bench.Path("f.svg"));
  INFO(result.err);
  REQUIRE(result.code == 0);
  CHECK(nlohmann::json::parse(result.out)["origins"] == 2);  // the answer is as without a picture
  const std::string svg = bench.Read("f.svg");
  CHECK(svg.starts_with("<svg xmlns="));
  CHECK(svg.ends_with("</svg>\n"));
  for (const char* words :
       {"shop: 2 forecasts of 1 h each", "MASE ", "wanted: 95 %", ">expected<", ">observed<", ">limits<"}) {
    CAPTURE(words);
    CHECK(Has(svg, words));
  }
  CHECK_FALSE(Has(svg, "nan"));
  CHECK_FALSE(Has(svg, "href"));
  bench.Refused(command + " --plot " + bench.Path("no/such/folder.svg"), "No such file", 3);
  bench.Refused("forecast evaluate --m4 x --m4-test y --plot " + bench.Path("m4.svg"),
                "it goes with --input");
}

TEST_CASE("progress is told on a terminal and nowhere else") {
  const Bench bench;
  const std::string command = "forecast evaluate --input " + bench.Write("t.csv", TraceCsv()) + " --json";
  CHECK(bench.Run(command).err.empty());
  // script(1) lends the program a terminal, for standard output as well.
  const ProgramResult seen = RunProgram(
      fmt::format("script -qefc '{} {} >{}' /dev/null </dev/null", SHADOW_LAB, command, bench.Path("out")));
  CHECK(seen.code == 0);
  CHECK(Has(seen.out, "\rforecasting: origin 2 of 2"));
  CHECK(seen.out.ends_with("\r\033[K"));
  CHECK(nlohmann::json::parse(bench.Read("out"))["origins"] == 2);
}

TEST_CASE("a season that the history cannot teach is refused by its option") {
  const Bench bench;
  const std::string command = "forecast evaluate --input " + bench.Write("t.csv", TraceCsv());  // 481 steps
  bench.Refused(command + " --season 240", "--season 240 is longer than half of the 336 steps known");
  bench.Refused(command + " --season 120 --season 9000 --json",
                "--season 9000 is not shorter than the whole");
  bench.Refused(command + " --season 1", "--season");
  bench.Refused(command + " --season -5", "--season");
  bench.Refused(command + " --season day", "--season");
  bench.Refused(command + " --season inf", "--season");
}

TEST_CASE("rows that lie between the steps of a history are refused, missing ones are gaps") {
  const Bench bench;
  const auto history = [&bench](int odd_row, double off, int missing_row) {
    std::string text = "timestamp,value\n";
    for (int i = 0; i < 300; ++i) {
      if (i != missing_row) {
        text += fmt::format("{},{}\n", 1'700'000'000 + 60 * i + (i == odd_row ? off : 0.0), 100 + i % 7);
      }
    }
    return bench.Write("t.csv", text);
  };
  const std::string command = "forecast evaluate --json --input ";
  CHECK(bench.Run(command + history(-1, 0, 150)).code == 0);
  CHECK(bench.Run(command + history(40, 0.5, -1)).code == 0);
  bench.Refused(command + history(40, 17, -1), "t.csv:42: its time lies 17 s off the even steps of 60 s");
  bench.Refused(command + history(299, -20, 150), "t.csv:300: its time lies 20 s off");
}

TEST_CASE("rubbish instead of the M4 series is refused with file and line") {
  const Bench bench;
  const std::string head = "series,step,value\nH1,1,5\n", good = bench.Write("good.csv", head);
  const auto refused = [&](const std::string& text, const std::string& words) {
    const std::string bad = bench.Write("bad.csv", text);
    const std::string options = " --horizon 48 --season 24 --json";
    bench.Refused("forecast evaluate --m4 " + bad + " --m4-test " + good + options, words);
    bench.Refused("forecast evaluate --m4 " + good + " --m4-test " + bad + options, words);
  };
  refused("", "bad.csv: the file is empty");
  refused(std::string("\x7f"
                      "ELF\0\x01\x02\n\xff\xfe,\0",
                      13),
          "bad.csv:1: there is no column 'series'");
  refused("timestamp,value\n1,2\n",
          "bad.csv:1: there is no column 'series'; the first line names: timestamp");
  refused(head + "H1,2,inf\n", "bad.csv:3: value: 'inf' is not a number");
  refused(head + "H1,2,NaN\n", "bad.csv:3: value: 'NaN' is not a number");
  refused(head + "H1,2,\n", "bad.csv:3: value: '' is not a number");
  refused(head + "H1,7,5\n", "bad.csv:3: step: '7', expected 2");
  refused(head + "H1,2,5,6\n", "bad.csv:3: 4 cells");
}

// Real histories are not part of the sources.
TEST_CASE("every real history at hand is scored") {
  const auto folder = DataFile("traces");
  if (!folder.has_value()) {
    WARN("no traces are at hand (SHADOWD_DATA); skipped");
    return;
  }
  const Bench bench;
  size_t count = 0;
  for (const auto& file : std::filesystem::directory_iterator(*folder)) {
    const std::string name = file.path().filename();
    if (name.starts_with("M4-") || !Has(name, ".csv")) {
      continue;  // of another format
    }
    CAPTURE(name);
    const Result result = bench.Run("forecast evaluate --origins 1 --json --input " + file.path().string());
    INFO(result.err);
    CHECK(result.code == 0);
    ++count;
  }
  CHECK(count > 0);
}

}  // namespace shadowd::lab
