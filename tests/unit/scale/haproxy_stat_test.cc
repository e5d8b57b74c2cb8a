#include "scale/haproxy_stat.h"

#include <string>

#include "require_ok.h"

using namespace shadowd;
using scale::HaproxyRowKind;
using scale::HaproxyStat;
using scale::ParseHaproxyStat;

namespace {
const std::string kHeader =
    "# "
    "pxname,svname,qcur,scur,stot,status,weight,type,req_tot,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,"
    "hrsp_other,"
    "check_status,last_chk,addr,algo,uweight,\n";
}

TEST_CASE("Rows of frontend, server and backend are told apart and their counters read") {
  const StatusOr<HaproxyStat> stat =
      ParseHaproxyStat(kHeader +
                       "f,FRONTEND,,1,4,OPEN,,0,8,0,4,0,2,2,0,,,,,,\n"
                       "b,web-i1,3,2,12,UP,16,2,10,0,8,0,0,2,1,* L4OK,,127.0.0.1:80,,256,\n"
                       "b,BACKEND,0,2,12,UP,256,1,13,0,8,0,0,5,0,,,,random,256,\n\n");
  REQUIRE_OK(stat);
  REQUIRE(stat->rows.size() == 3);
  CHECK(stat->rows[0].kind == HaproxyRowKind::kFrontend);
  const scale::HaproxyRow* server = stat->Server("b", "web-i1");
  REQUIRE(server != nullptr);
  CHECK(server->address == "127.0.0.1:80");
  CHECK(server->check_status == "L4OK");
  CHECK(server->weight == 256);
  CHECK(server->sessions == 2);
  CHECK(server->queued == 3);
  CHECK(server->sessions_total == 12);
  CHECK(server->responses_total == 11);
  CHECK(server->responses_5xx == 2);
  CHECK(server->up());
  const scale::HaproxyRow* backend = stat->Backend("b");
  REQUIRE(backend != nullptr);
  CHECK(backend->requests_total == 13);
  CHECK(backend->arrivals() == 13);
  CHECK(server->arrivals() == 12);  // of a server req_tot counts answers
  CHECK(stat->Backend("f") == nullptr);
  CHECK(stat->Server("b", "BACKEND") == nullptr);
}

TEST_CASE("A server counts as up by its status") {
  const auto [status, up] = GENERATE(table<std::string, bool>({{"UP", true},
                                                               {"UP 1/3", true},
                                                               {"no check", true},
                                                               {"DOWN", false},
                                                               {"DOWN 1/2", false},
                                                               {"MAINT", false},
                                                               {"DRAIN", false},
                                                               {"NOLB", false}}));
  const scale::HaproxyRow row = [&] {
    scale::HaproxyRow made;
    made.status = status;
    return made;
  }();
  CHECK(row.up() == up);
}

TEST_CASE("Quoted fields may hold commas and quotes") {
  const StatusOr<HaproxyStat> stat =
      ParseHaproxyStat(kHeader + "b,s,0,0,0,DOWN,1,2,0,0,0,0,0,0,0,L7STS,\"wrong \"\"ping\"\", 503\",,,1,\n");
  REQUIRE_OK(stat);
  CHECK(stat->rows.at(0).last_check == "wrong \"ping\", 503");
}

TEST_CASE("What HAProxy says instead of a table becomes an error with a reason") {
  CHECK(ReasonOf(ParseHaproxyStat("No such proxy.\n").status()) == "BACKEND_UNKNOWN");
  CHECK(ReasonOf(ParseHaproxyStat("Permission denied\n\n").status()) == "SOCKET_NOT_ADMIN");
  CHECK(absl::IsInvalidArgument(ParseHaproxyStat("").status()));
  CHECK(absl::IsInvalidArgument(ParseHaproxyStat("Unknown command\n").status()));
}

TEST_CASE("A bad count or kind is reported with its line and column") {
  const Status count = ParseHaproxyStat(kHeader + "b,s,0,x,0,UP,1,2,0,0,0,0,0,0,0,,,,,1,\n").status();
  CHECK(MessageOf(count) == "show stat: line 2: column \"scur\" is \"x\", not a count");
  const Status kind = ParseHaproxyStat(kHeader + "b,s,0,0,0,UP,1,7,0,0,0,0,0,0,0,,,,,1,\n").status();
  CHECK(MessageOf(kind) == "show stat: line 2: column \"type\" is \"7\", not 0 to 3");
  const Status header = ParseHaproxyStat("# pxname,svname\n").status();
  CHECK(MessageOf(header) == "show stat: the header has no column \"type\"");
}

TEST_CASE("More rows than the bound are refused") {
  std::string text = kHeader;
  for (size_t i = 0; i <= scale::kMaxHaproxyRows; ++i) {
    text += "b,s,0,0,0,UP,1,2,0,0,0,0,0,0,0,,,,,1,\n";
  }
  CHECK(absl::IsResourceExhausted(ParseHaproxyStat(text).status()));
}
