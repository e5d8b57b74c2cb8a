// shadowctl as a process against a real server on a real socket.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "../daemon_rpc/rig.h"

namespace shadowd {
namespace {

struct Result {
  int code = -1;
  std::string out;
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
  Result result;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  char buffer[4096];
  for (size_t got = 0; (got = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;) {
    result.out.append(buffer, got);
  }
  const int status = ::pclose(pipe);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result.err = Slurp(err);
  return result;
}

std::string Write(const Rig& rig, const std::string& name, const std::string& text) {
  const std::string path = rig.directory.path() + "/" + name;
  std::ofstream(path) << text;
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
  CHECK(Has(Ctl(rig, "cancel web-t1").out, "CANCELLED"));
  CHECK(Has(Ctl(rig, "describe trial web-t1").out, "No arms."));
  CHECK(Ctl(rig, "approve web-d1").code == 3);
  CHECK(Has(Ctl(rig, "freeze --reason maintenance").out, "frozen"));
  CHECK(Has(Ctl(rig, "status").out, "FROZEN: maintenance"));
  CHECK(Ctl(rig, "freeze --off").code == 0);
  CHECK(nlohmann::json::parse(Ctl(rig, "status -o json").out)["frozen"] == false);
  CHECK(Has(Ctl(rig, "audit --limit 2").out, "Services.UpdateService"));
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
  for (const char* shell : {"bash", "zsh", "fish"}) {
    CHECK(Has(Ctl(rig, std::string("completion ") + shell).out, "decisions"));
  }
  CHECK(Ctl(rig, "completion tcsh").code == 2);
  const Result bash = Ctl(rig, "completion bash | bash -n");
  CHECK(bash.code == 0);
}

}  // namespace shadowd
