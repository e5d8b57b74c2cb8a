// shadowctl as a process against a real server on a real socket.
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "../daemon_rpc/rig.h"
#include "data_file.h"
#include "run_program.h"

namespace shadowd {
namespace {

struct Result : ProgramResult {
  std::string err;
};

std::string Slurp(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

Result Ctl(const Rig& rig, const std::string& arguments, const std::string& address = "") {
  const std::string err = rig.directory.path() + "/err";
  const std::string command =
      fmt::format("SHADOWD_ADDRESS={} {} {} 2>{}",
                  address.empty() ? "unix://" + rig.options.socket.path : address, SHADOWCTL, arguments, err);
  ProgramResult done = RunProgram(command);
  return {std::move(done), Slurp(err)};
}

std::string Write(const Rig& rig, const std::string& name, const std::string& text) {
  const std::string path = rig.directory.path() + "/" + name;
  std::ofstream(path) << text;
  return path;
}

std::string WriteGzip(const Rig& rig, const std::string& name, const std::string& text) {
  const std::string path = rig.directory.path() + "/" + name;
  const gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  return path;
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("A service is applied from a file, shown in every format, and deleted") {
  Rig rig;
  const std::string file = Write(rig, "web.yaml", "name: web\nbounds:\n  min: 2\n  max: 5\n");
  CHECK(Has(Ctl(rig, "apply --dry-run -f " + file).out, "is valid"));
  CHECK(absl::IsNotFound(rig.client->Get<v1::Service>("services/web").status()));
  const Result applied = Ctl(rig, "apply -f " + file);
  INFO(applied.err);
  REQUIRE(applied.code == 0);
  CHECK(applied.out == "services/web applied\n");

  const Result table = Ctl(rig, "get services");
  CHECK(Has(table.out, "NAME"));
  CHECK(Has(table.out, "2..5"));
  const auto list = nlohmann::json::parse(Ctl(rig, "get services -o json").out);
  REQUIRE(list["services"].size() == 1);
  CHECK(list["services"][0]["bounds"]["max"] == 5);
  CHECK(nlohmann::json::parse(Ctl(rig, "--json get service web").out)["name"] == "services/web");
  CHECK(Has(Ctl(rig, "get service services/web -o yaml").out, "name: \"services/web\""));
  CHECK(Has(Ctl(rig, "describe service web").out, "bounds:"));
  CHECK(Ctl(rig, "delete service web").code == 0);
  const Result gone = Ctl(rig, "get service web");
  CHECK(gone.code == 3);
  CHECK(gone.out.empty());
}

TEST_CASE("Proposals, samples, histories and interventions go through") {
  Rig rig;
  rig.Apply("web");
  rig.PutTrial("web", "web-t1", model::TrialState::kMeasuring);
  const auto proposed = nlohmann::json::parse(Ctl(rig, "propose web --replicas 4 -o json").out);
  CHECK(proposed["kind"] == "PROVISIONAL");
  CHECK(Has(Ctl(rig, "get decisions --service web").out, "PROPOSAL"));
  CHECK(Ctl(rig, "propose web --replicas 99").code == 2);
  rig.now = WallTime(std::chrono::duration_cast<Micros>(std::chrono::system_clock::now().time_since_epoch()));
  CHECK(Has(Ctl(rig, "report web --demand 12.5").out, "1 sample accepted"));
  const std::string csv =
      Write(rig, "h.csv", "time,rps,instances,p95_us\n1600000000,10,2,4000\n1600000010,11,2,4100\n");
  CHECK(Has(Ctl(rig, "report web --file " + csv).out, "2 samples accepted, 0 refused"));
  CHECK(Has(Ctl(rig, "import web --file " + csv).out, "2 demand samples and 2 capacity points"));
  CHECK(Has(Ctl(rig, "retrain web").out, "REQUESTED"));
  CHECK(Has(Ctl(rig, "revert web/1").out, "REVERTED"));
  CHECK(Has(Ctl(rig, "revert 1 --service web").out, "REVERTED"));
  CHECK(Ctl(rig, "revert web/99").code == 3);
  CHECK(Has(Ctl(rig, "trial --null web").out, "CALIBRATION"));
  CHECK(Ctl(rig, "trial web").code == 2);  // no other trial can be ordered without a level
  CHECK(Has(Ctl(rig, "cancel web-t1").out, "CANCELLED"));
  CHECK(Has(Ctl(rig, "describe trial web-t1").out, "No arms."));
  CHECK(Ctl(rig, "approve web-d1").code == 3);
  CHECK(Ctl(rig, "terminate web-t1-a0-s0").code == 3);
  CHECK(Ctl(rig, "terminate web-t1").code == 2);
  CHECK(Has(Ctl(rig, "freeze --reason maintenance").out, "frozen"));
  CHECK(Has(Ctl(rig, "status").out, "FROZEN: maintenance"));
  CHECK(Ctl(rig, "freeze --off").code == 0);
  CHECK(nlohmann::json::parse(Ctl(rig, "status -o json").out)["frozen"] == false);
  CHECK(Has(Ctl(rig, "audit --limit 2").out, "Services.UpdateService"));
}

TEST_CASE("A forecast is described with its plot, scores, models and triggers, and the same as JSON") {
  Rig rig;
  rig.Apply("web");
  model::Forecast forecast;
  forecast.service = model::ServiceId("web");
  forecast.made_at = kRigNow;
  forecast.step = std::chrono::seconds(15);
  for (int i = 0; i < 12; ++i) {
    forecast.steps.push_back({kRigNow + i * forecast.step, 100, 80, 130});
  }
  forecast.state = model::ForecastState::kReady;
  forecast.peak = {std::chrono::seconds(40), 104, 141, 0.97, 55};
  forecast.blocks = {{1, 1, 300, 0.951, 0.02, 3.2, 0.8, 5.5}, {2, 3, 0, 0, 0, 0, 0, 0}};
  forecast.scales = {{std::chrono::seconds(15),
                      4,
                      {std::chrono::hours(24)},
                      true,
                      {{"linear on lags 1,2", 0.75}, {"smoothing with a season", 0.25}},
                      0.71,
                      900},
                     {std::chrono::minutes(5), 0, {}, false, {}, 0, 17}};
  forecast.widening = 1.25;
  rig.loop.Put(forecast.service, forecast);
  CHECK(Ctl(rig, "propose web --replicas 4").code == 0);
  const Result told = Ctl(rig, "describe forecast web");
  INFO(told.out << told.err);
  REQUIRE(told.code == 0);
  for (const char* part :
       {"* expected", "at most 141 within 40s", "104 req/s expected", "97.0 % of 55 past peaks",
        "1.25 times as wide", "95.1 %", "season 1d, logarithm of demand", "75 %  linear on lags 1,2",
        "steps of 5m: no fit yet, 17 steps known", "Triggers of late", "PROPOSAL"}) {
    CHECK(Has(told.out, part));
  }
  const auto json = nlohmann::json::parse(Ctl(rig, "describe forecast web -o json").out);
  CHECK(json["peak"]["upper_rps"] == 141);
  CHECK(json["blocks"][0]["msis"] == 5.5);
  CHECK(json["scales"][0]["members"][1]["weight"] == 0.25);
  CHECK(json["recent_triggers"][0]["kind"] == "PROPOSAL");
}

TEST_CASE("What forecast evaluate scores can be imported: packed, of any column, with gaps") {
  Rig rig;
  rig.Apply("web");
  const std::string text = "timestamp,value,reqs\n1600000000,10,7\n1600000060,,8\n1600000120,11,9\n";
  const std::string packed = WriteGzip(rig, "t.csv.gz", text);
  const Result taken = Ctl(rig, "import web --file " + packed);
  INFO(taken.err);
  CHECK(taken.code == 0);
  CHECK(taken.out == "2 demand samples and 0 capacity points taken; not used: reqs\n");
  CHECK(Has(Ctl(rig, "import web --value-column reqs --file " + packed).out, "3 demand samples"));
  std::filesystem::resize_file(packed, std::filesystem::file_size(packed) - 9);
  const Result cut = Ctl(rig, "import web --file " + packed);
  CHECK(cut.code == 2);
  CHECK(cut.out.empty());
  CHECK(Has(cut.err, "t.csv.gz: its gzip stream is cut off"));
}

// Real histories are not part of the sources.
TEST_CASE("Every real history at hand can be imported") {
  const auto folder = DataFile("traces");
  if (!folder.has_value()) {
    WARN("no traces are at hand (SHADOWD_DATA); skipped");
    return;
  }
  Rig rig;
  rig.Apply("web");
  for (const auto& file : std::filesystem::directory_iterator(*folder)) {
    const std::string name = file.path().filename();
    if (name.starts_with("M4-") || !Has(name, ".csv")) {
      continue;  // of another format
    }
    CAPTURE(name);
    const Result taken = Ctl(rig, "import web --file " + file.path().string());
    INFO(taken.err);
    CHECK(taken.code == 0);
    CHECK(Has(taken.out, "demand samples and 0 capacity points taken"));
  }
}

TEST_CASE("A shadow is terminated, and advised decisions are approved or rejected, by their bare ids") {
  Rig rig;
  rig.Apply("web");
  rig.PutTrial("web", "web-t1", model::TrialState::kMeasuring);
  model::Shadow shadow;
  shadow.id = model::ReplicaId("web-t1-a0-s0");
  shadow.service = model::ServiceId("web");
  shadow.trial = model::TrialId("web-t1");
  rig.loop.Put(shadow.service, shadow);
  for (const char* id : {"web-d1", "web-d2"}) {
    model::Decision decision;
    decision.id = model::DecisionId(id);
    decision.service = shadow.service;
    decision.state = model::DecisionState::kAdvised;
    rig.loop.Put(decision.service, decision);
  }
  const Result terminated = Ctl(rig, "terminate web-t1-a0-s0");
  CHECK(terminated.code == 0);
  CHECK(Has(terminated.out, "STOPPED"));
  CHECK(nlohmann::json::parse(Ctl(rig, "approve web-d1 -o json").out)["state"] == "APPROVED");
  const Result rejected = Ctl(rig, "reject services/web/decisions/web-d2");
  CHECK(rejected.code == 0);
  CHECK(Has(rejected.out, "DECLINED"));
  const Result again = Ctl(rig, "reject web-d2");
  CHECK(again.code == 4);
  CHECK(Has(again.err, "not ADVISED"));
}

TEST_CASE("Every noun is listed, described and watched in every format") {
  Rig rig;
  rig.Apply("web");
  rig.PutTrial("web", "web-t1", model::TrialState::kMeasuring);
  for (const char* noun :
       {"services", "instances", "forecasts", "trials", "shadows", "decisions", "models", "costs"}) {
    INFO(noun);
    const Result table = Ctl(rig, fmt::format("get {}", noun));
    CHECK(table.code == 0);
    CHECK((table.out.empty() ? table.err == fmt::format("no {}\n", noun)
                             : Has(table.out, "AGE") || Has(table.out, "MADE")));
    const auto json = nlohmann::json::parse(Ctl(rig, fmt::format("get {} -o json", noun)).out);
    CHECK(json[noun].is_array());
    CHECK(Has(Ctl(rig, fmt::format("get {} -o yaml", noun)).out, fmt::format("{}:", noun)));
  }
}

TEST_CASE("A watch that resumes prints only what came later") {
  Rig rig;
  rig.PutTrial("web", "web-t1", model::TrialState::kMeasuring);
  int64_t revision = 0;
  rig.loop.Sync([&](daemon::Catalogue& catalogue) { revision = catalogue.revision(); });
  rig.PutTrial("web", "web-t2", model::TrialState::kMeasuring);
  const std::string out = rig.directory.path() + "/out";
  const Result watch = Ctl(
      rig,
      fmt::format("watch trials --resume {1} -o json >{0} & pid=$!; until test -s {0}; do sleep 0.02; done; "
                  "kill -INT $pid; wait $pid; exit $?",
                  out, revision));
  CHECK(watch.code == 130);
  const auto event = nlohmann::json::parse(Slurp(out).substr(0, Slurp(out).find('\n')));
  CHECK(event["type"] == "CHANGED");
  CHECK(event["resource"]["name"] == "services/web/trials/web-t2");
  CHECK(event["revision"] > revision);
  CHECK(Ctl(rig, "watch trials --resume soon").code == 2);
}

TEST_CASE("A watch prints what is there and ends on a signal") {
  Rig rig;
  rig.Apply("web");
  rig.PutTrial("web", "web-t1", model::TrialState::kMeasuring);
  const std::string out = rig.directory.path() + "/out";
  const Result watch =
      Ctl(rig, fmt::format("watch trials -o json >{0} & pid=$!; until test -s {0}; do sleep 0.02; done; "
                           "kill -INT $pid; wait $pid; exit $?",
                           out));
  CHECK(watch.code == 130);
  const auto event = nlohmann::json::parse(Slurp(out).substr(0, Slurp(out).find('\n')));
  CHECK(event["type"] == "SNAPSHOT");
  CHECK(event["resource"]["name"] == "services/web/trials/web-t1");
}

TEST_CASE("Errors name the fault and what to do, with an exit code for their class") {
  Rig rig;
  rig.Apply("web");
  const Result nobody = Ctl(rig, "status --timeout 1", "unix:///nowhere/shadowd.sock");
  CHECK(nobody.code == 6);
  CHECK(Has(nobody.err, "is shadowd running?"));
  CHECK(Ctl(rig, "status", "nonsense").code == 2);
  CHECK(Ctl(rig, "status --no-such-flag").code == 2);
  CHECK(Ctl(rig, "").code == 2);
  CHECK(Ctl(rig, "get gadgets").code == 2);
  CHECK(Has(Ctl(rig, "").err, "no command was given"));
  CHECK(Has(Ctl(rig, "conquer shop").err, "there is no command 'conquer'"));
  CHECK(Has(Ctl(rig, "-o xml status").err, "--output: must be table, json or yaml, got 'xml'"));
  CHECK(Ctl(rig, "-o 1 status").code == 2);
  CHECK(Has(Ctl(rig, "report web --demand -3").err, "--demand: must not be negative"));
  CHECK(Has(Ctl(rig, "propose web").err, "shadowctl: --replicas is required"));
  CHECK(Ctl(rig, "propose web --replicas many").code == 2);
  CHECK(Ctl(rig, "apply -f " + rig.directory.path() + "/absent.yaml").code == 2);
  CHECK(Ctl(rig, "get trial odd").code == 2);
  CHECK(Ctl(rig, "report web").code == 2);
  const Result typo = Ctl(rig, "apply -f " + Write(rig, "bad.yaml", "name: web\nbounds:\n  maxx: 5\n"));
  CHECK(typo.code == 2);
  CHECK(Has(typo.err, "bad.yaml:3"));
  const Result cell = Ctl(rig, "import web --file " + Write(rig, "bad.csv", "time,rps\n1,x\n"));
  CHECK(cell.code == 2);
  CHECK(Has(cell.err, "bad.csv:2"));
  rig.loop.Hold();
  CHECK(Ctl(rig, "status --timeout 0.2").code == 7);
  rig.loop.Release();
}

TEST_CASE("Help documents exit codes, and completion knows the shells") {
  Rig rig;
  CHECK(Has(Ctl(rig, "--help").out, "6 the daemon is not reachable"));
  CHECK(Ctl(rig, "version").out == fmt::format("shadowctl {}\n", SHADOWD_VERSION));
  CHECK(Ctl(rig, "--version").out == fmt::format("shadowctl {}\n", SHADOWD_VERSION));
  for (const char* shell : {"bash", "zsh", "fish"}) {
    CHECK(Has(Ctl(rig, std::string("completion ") + shell).out, "decisions"));
  }
  CHECK(Ctl(rig, "completion tcsh").code == 2);
}

TEST_CASE("Every command that the README tells people to type exists, with its flags") {
  Rig rig;
  std::istringstream readme(Slurp(SHADOWD_README));
  int commands = 0;
  for (std::string line; std::getline(readme, line);) {
    std::istringstream words(line);
    std::string program, command;
    if (!(words >> program >> command) || program != "shadowctl") {
      continue;
    }
    INFO(line);
    ++commands;
    const Result help = Ctl(rig, command + " --help");
    CHECK(help.code == 0);
    for (std::string word; words >> word;) {
      CHECK((word.front() != '-' || Has(help.out, word)));
    }
  }
  CHECK(commands >= 5);
}

TEST_CASE("Completion in bash offers commands, nouns, flags and values where they belong") {
  Rig rig;
  const std::string script = Write(rig, "complete.bash", Ctl(rig, "completion bash").out);
  const auto offered = [&](const std::string& line) {  // the last word is the one to complete
    const std::string file =
        Write(rig, "ask.bash",
              fmt::format("source {}\nCOMP_WORDS=({})\nCOMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n"
                          "_shadowctl\necho \"${{COMPREPLY[*]}}\"\n",
                          script, line));
    return RunProgram("bash " + file + " 2>&1").out;
  };
  CHECK(offered("shadowctl pro") == "propose\n");
  CHECK(offered("/usr/bin/shadowctl -o json --address unix:///x de") == "describe delete\n");
  CHECK(offered("shadowctl get tr") == "trials\n");
  CHECK(offered("shadowctl delete ''") == "service\n");
  CHECK(offered("shadowctl propose shop --rep") == "--replicas\n");
  CHECK(offered("shadowctl get trials --lim") == "--limit\n");
  CHECK(offered("shadowctl get trials -o y") == "yaml\n");
  CHECK(offered("shadowctl status --add") == "--address\n");
  CHECK(offered("shadowctl completion f") == "fish\n");
  CHECK(offered(fmt::format("shadowctl apply -f {}", script.substr(0, script.size() - 3))) == script + "\n");
  CHECK(offered(fmt::format("shadowctl replay {}", script.substr(0, script.size() - 3))) == script + "\n");
  CHECK(offered("shadowctl get trials we") == "\n");
  const std::string all = offered("shadowctl ''");
  CHECK(Has(all, "freeze"));
  CHECK(Has(Ctl(rig, "propose --help").out, "--wait-seconds"));
}

}  // namespace shadowd
