#include "scale/haproxy_plan.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "require_ok.h"

using namespace shadowd;
using scale::HaproxyPlan;
using scale::PlanStep;

namespace {

// The backend "b" of a HAProxy 2.6 as its runtime socket shows it: the answers are those that the real one
// gives.
struct Balancer {
  struct Server {
    std::string address;
    std::string status = "MAINT";
    std::string check = "";
    int sessions = 0;
    int weight = 1;
    int id = 1;
    int connections_left = 0;  // refuses this many deletions
    bool is_static = false;
  };
  std::map<std::string, Server> servers;
  std::string algorithm = "random";
  bool admin = true;
  bool healthy = true;
  std::vector<std::string> commands;

  std::string Answer(const std::string& command) {
    commands.push_back(command);
    const auto starts = [&command](std::string_view prefix) { return command.starts_with(prefix); };
    if (starts("show stat ")) {
      return Show();
    }
    if (!admin) {
      return "Permission denied\n\n";
    }
    if (starts("add server b/")) {
      return Add(command.substr(13));
    }
    const size_t slash = command.find("b/");
    const std::string rest = command.substr(slash + 2);
    const std::string name = rest.substr(0, rest.find(' '));
    if (!servers.contains(name)) {
      return "No such server.\n\n";
    }
    Server& server = servers[name];
    if (starts("set server ")) {
      Set(server, rest.substr(rest.rfind(' ') + 1));
    } else if (starts("shutdown sessions")) {
      server.sessions = 0;
    } else if (starts("del server")) {
      return Delete(name, server);
    }
    return "\n";
  }

  std::string Show() const {
    std::string text =
        "# "
        "pxname,svname,qcur,scur,stot,status,type,req_tot,hrsp_2xx,check_status,last_chk,addr,algo,uweight,"
        "sid,"
        "\n";
    for (const auto& [name, server] : servers) {
      text += fmt::format("b,{},0,{},0,{},2,0,0,{},,{},,{},{},\n", name, server.sessions, server.status,
                          server.check, admin ? server.address : "", server.weight, server.id);
    }
    return text + fmt::format("b,BACKEND,0,0,0,UP,1,0,0,,,,{},1,0,\n\n", admin ? algorithm : "");
  }
  std::string Add(const std::string& words) {
    const std::string name = words.substr(0, words.find(' '));
    if (algorithm == "source") {
      return "Backend must use a dynamic load balancing to support dynamic servers.\n";
    }
    if (servers.contains(name)) {
      return "Already exists a server with the same name in backend.\n\n";
    }
    const std::string rest = words.substr(name.size() + 1);
    servers[name].address = rest.substr(0, rest.find(' '));
    servers[name].id = std::stoi(rest.substr(rest.find("id ") + 3));
    servers[name].weight = std::stoi(rest.substr(rest.find("weight ") + 7));
    return "New server registered.\n\n";
  }
  void Set(Server& server, const std::string& state) const {
    if (state == "ready") {
      server.status = healthy ? "UP" : "DOWN";
      server.check = healthy ? "L4OK" : "L4CON";
    } else {
      server.status = state == "drain" ? "DRAIN" : "MAINT";
    }
  }
  std::string Delete(const std::string& name, Server& server) {
    if (server.is_static) {
      return "Only servers added at runtime via <add server> CLI cmd can be deleted.\n";
    }
    if (server.status != "MAINT") {
      return "Only servers in maintenance mode can be deleted.\n";
    }
    if (server.connections_left-- > 0) {
      return "Server still has connections attached to it, cannot remove it.\n";
    }
    servers.erase(name);
    return "Server deleted.\n";
  }
};

const model::HaproxySpec kSpec{.socket = "/s", .backend = "b", .syslog_listen = "", .check = true};
const model::ReplicaId kReplica("web-i1");

struct Ran {
  Status result;
  Micros took{0};
};

// Runs a plan in virtual time; `each_wait` may change the world meanwhile.
Ran Run(
    HaproxyPlan plan, Balancer& balancer, const std::function<void(Micros)>& each_wait = [](Micros) {}) {
  MonoTime now{};
  PlanStep step = plan.Start(now);
  for (int steps = 0; !step.done(); ++steps) {
    REQUIRE(steps < 5000);
    if (step.command.empty()) {
      REQUIRE(step.wait > Micros(0));
      now += step.wait;
      each_wait(now.time_since_epoch());
      step = plan.Resume(now);
    } else {
      step = plan.OnReply(balancer.Answer(step.command), now);
    }
  }
  return {*step.result, now.time_since_epoch()};
}

}  // namespace

TEST_CASE("A server is added, checked, made ready and waited for") {
  Balancer balancer;
  REQUIRE_OK(Run(HaproxyPlan::Add(kSpec, kReplica, "127.0.0.1:80"), balancer).result);
  CHECK(balancer.commands ==
        std::vector<std::string>{
            "show stat b 6 -1",
            "add server b/web-i1 127.0.0.1:80 id 1 weight 256 check inter 1s fastinter 500ms rise 1 fall 3",
            "enable health b/web-i1", "set server b/web-i1 state ready", "show stat b 6 -1"});
}

TEST_CASE("Without checks none is declared or enabled") {
  Balancer balancer;
  model::HaproxySpec spec = kSpec;
  spec.check = false;
  REQUIRE_OK(Run(HaproxyPlan::Add(spec, kReplica, "127.0.0.1:80"), balancer).result);
  CHECK(balancer.commands.at(1) == "add server b/web-i1 127.0.0.1:80 id 1 weight 256");
  CHECK(balancer.commands.at(2) == "set server b/web-i1 state ready");
}

TEST_CASE("A new server gets the weight of those that are there") {
  Balancer balancer;
  balancer.servers["old"] = {.address = "127.0.0.1:1", .status = "UP", .weight = 30};
  REQUIRE_OK(Run(HaproxyPlan::Add(kSpec, kReplica, "127.0.0.1:80"), balancer).result);
  CHECK(balancer.servers.at("web-i1").weight == 30);
}

TEST_CASE("Every new server gets a number of its own") {
  Balancer balancer;
  balancer.servers["old"] = {.address = "127.0.0.1:1", .status = "UP", .id = 7};
  REQUIRE_OK(Run(HaproxyPlan::Add(kSpec, kReplica, "127.0.0.1:80"), balancer).result);
  REQUIRE_OK(Run(HaproxyPlan::Add(kSpec, model::ReplicaId("web-i2"), "127.0.0.1:81"), balancer).result);
  CHECK(balancer.servers.at("web-i1").id == 8);
  CHECK(balancer.servers.at("web-i2").id == 9);
}

TEST_CASE("Adding what is there already is success, whatever state it was in") {
  Balancer balancer;
  balancer.servers["web-i1"] = {.address = "127.0.0.1:80", .status = GENERATE("UP", "DRAIN", "MAINT")};
  REQUIRE_OK(Run(HaproxyPlan::Add(kSpec, kReplica, "127.0.0.1:80"), balancer).result);
  CHECK(balancer.servers.at("web-i1").status == "UP");
  for (const std::string& command : balancer.commands) {
    CHECK_FALSE(command.starts_with("add server"));
  }
}

TEST_CASE("A name with another address is deleted and added again") {
  Balancer balancer;
  balancer.servers["web-i1"] = {
      .address = "127.0.0.1:81", .status = "UP", .sessions = 2, .connections_left = 3};
  REQUIRE_OK(Run(HaproxyPlan::Add(kSpec, kReplica, "127.0.0.1:80"), balancer).result);
  CHECK(balancer.servers.at("web-i1").address == "127.0.0.1:80");
  CHECK(balancer.servers.at("web-i1").status == "UP");
}

TEST_CASE("A server that is never up fails at the deadline with what the check said") {
  Balancer balancer;
  balancer.healthy = false;
  const Ran ran = Run(HaproxyPlan::Add(kSpec, kReplica, "127.0.0.1:80"), balancer);
  CHECK(ReasonOf(ran.result) == "SERVER_NOT_UP");
  CHECK_THAT(MessageOf(ran.result), Catch::Contains("L4CON"));
  CHECK(ran.took >= std::chrono::seconds(30));
  CHECK(ran.took < std::chrono::seconds(31));
}

TEST_CASE("A server that counts as up before its first check is waited for") {
  Balancer balancer;
  balancer.servers["web-i1"] = {.address = "127.0.0.1:80", .status = "MAINT"};
  HaproxyPlan plan = HaproxyPlan::Add(kSpec, kReplica, "127.0.0.1:80");
  MonoTime now{};
  PlanStep step = plan.Start(now);
  while (step.command != "show stat b 6 -1" || balancer.commands.size() < 3) {
    step = plan.OnReply(balancer.Answer(step.command), now);
  }
  balancer.servers["web-i1"].check = "INI";
  step = plan.OnReply(balancer.Answer(step.command), now);
  CHECK_FALSE(step.done());
  CHECK(step.command.empty());
}

TEST_CASE("A reload in the middle of an addition starts it anew") {
  Balancer balancer;
  balancer.healthy = false;
  const Ran ran = Run(HaproxyPlan::Add(kSpec, kReplica, "127.0.0.1:80"), balancer, [&balancer](Micros at) {
    if (at == std::chrono::seconds(2)) {
      balancer.servers.clear();
      balancer.healthy = true;
    }
  });
  REQUIRE_OK(ran.result);
  CHECK(balancer.servers.at("web-i1").status == "UP");
}

TEST_CASE("What is wrong with the balancer is named with its reason and field") {
  Balancer balancer;
  SECTION("the algorithm cannot take servers") {
    balancer.algorithm = "source";
    const Status status = Run(HaproxyPlan::Add(kSpec, kReplica, "127.0.0.1:80"), balancer).result;
    CHECK(ReasonOf(status) == "BALANCE_NOT_DYNAMIC");
    CHECK(FieldOf(status) == "haproxy.backend");
  }
  SECTION("the socket may only look") {
    balancer.admin = false;
    const Status status = Run(HaproxyPlan::Add(kSpec, kReplica, "127.0.0.1:80"), balancer).result;
    CHECK(ReasonOf(status) == "SOCKET_NOT_ADMIN");
    CHECK(FieldOf(status) == "haproxy.socket");
  }
  SECTION("there is no such backend") {
    HaproxyPlan plan = HaproxyPlan::Add(kSpec, kReplica, "127.0.0.1:80");
    (void)plan.Start(MonoTime{});
    const PlanStep step = plan.OnReply("No such proxy.\n", MonoTime{});
    REQUIRE(step.done());
    CHECK(ReasonOf(*step.result) == "BACKEND_UNKNOWN");
  }
  SECTION("an answer that nobody expected is quoted") {
    HaproxyPlan plan = HaproxyPlan::Drain(kSpec, kReplica, std::chrono::seconds(1));
    (void)plan.Start(MonoTime{});
    const PlanStep step = plan.OnReply("Something new\n", MonoTime{});
    REQUIRE(step.done());
    CHECK(ReasonOf(*step.result) == "UNEXPECTED_REPLY");
    CHECK_THAT(MessageOf(*step.result), Catch::Contains("Something new"));
  }
}

TEST_CASE("No command is made of a bad name or address") {
  model::HaproxySpec spec = kSpec;
  spec.backend = "b;disable server x/y";
  for (HaproxyPlan plan : {HaproxyPlan::Add(spec, kReplica, "127.0.0.1:80"),
                           HaproxyPlan::Add(kSpec, model::ReplicaId("a b"), "127.0.0.1:80"),
                           HaproxyPlan::Add(kSpec, kReplica, "127.0.0.1:80 backup"),
                           HaproxyPlan::Drain(kSpec, model::ReplicaId("a\nb"), Micros(1)),
                           HaproxyPlan::Remove(spec, kReplica)}) {
    const PlanStep step = plan.Start(MonoTime{});
    REQUIRE(step.done());
    CHECK(step.command.empty());
    CHECK(absl::IsInvalidArgument(*step.result));
  }
}

TEST_CASE("A drain ends with the last session, or at its deadline") {
  Balancer balancer;
  balancer.servers["web-i1"] = {.address = "127.0.0.1:80", .status = "UP", .sessions = 1};
  const bool ends = GENERATE(true, false);
  const Ran ran = Run(HaproxyPlan::Drain(kSpec, kReplica, std::chrono::seconds(5)), balancer, [&](Micros at) {
    if (ends && at >= std::chrono::seconds(1)) {
      balancer.servers["web-i1"].sessions = 0;
    }
  });
  REQUIRE_OK(ran.result);
  CHECK(ran.took == (ends ? std::chrono::seconds(1) : std::chrono::seconds(5)));
  CHECK(balancer.servers.at("web-i1").status == "DRAIN");
}

TEST_CASE("A server is removed through maintenance, its sessions are cut, deletion is tried until it works") {
  Balancer balancer;
  balancer.servers["web-i1"] = {
      .address = "127.0.0.1:80", .status = "DRAIN", .sessions = 1, .connections_left = 4};
  const Ran ran = Run(HaproxyPlan::Remove(kSpec, kReplica), balancer);
  REQUIRE_OK(ran.result);
  CHECK(balancer.servers.empty());
  CHECK(ran.took == std::chrono::milliseconds(400));
}

TEST_CASE("Draining or removing what is gone is success") {
  Balancer balancer;
  REQUIRE_OK(Run(HaproxyPlan::Drain(kSpec, kReplica, std::chrono::seconds(5)), balancer).result);
  REQUIRE_OK(Run(HaproxyPlan::Remove(kSpec, kReplica), balancer).result);
}

TEST_CASE("A server that keeps its connections, or was declared in the configuration, cannot be removed") {
  Balancer balancer;
  balancer.servers["web-i1"] = {.address = "127.0.0.1:80", .status = "UP"};
  SECTION("connections") {
    balancer.servers["web-i1"].connections_left = 100'000;
    CHECK(ReasonOf(Run(HaproxyPlan::Remove(kSpec, kReplica), balancer).result) == "SERVER_BUSY");
  }
  SECTION("declared") {
    balancer.servers["web-i1"].is_static = true;
    CHECK(ReasonOf(Run(HaproxyPlan::Remove(kSpec, kReplica), balancer).result) == "SERVER_STATIC");
  }
}

TEST_CASE("A socket that cannot be reached is tried again for a while, then named") {
  HaproxyPlan plan = HaproxyPlan::Remove(kSpec, kReplica);
  MonoTime now{};
  PlanStep step = plan.Start(now);
  const std::string first = step.command;
  int tries = 0;
  while (!step.done()) {
    step = plan.OnUnreachable(Unavailable("connect: refused"), now);
    if (!step.done()) {
      now += step.wait;
      step = plan.Resume(now);
      CHECK(step.command == first);
      ++tries;
    }
  }
  CHECK(tries == 50);
  CHECK(ReasonOf(*step.result) == "SOCKET_UNREACHABLE");
  CHECK(FieldOf(*step.result) == "haproxy.socket");
}
