#include "input/prometheus_history.h"

#include "fakes/http_server.h"
#include "require_ok.h"

namespace shadowd::input {
namespace {

const WallTime kNow = WallFromMicros(1'700'000'100'000'000);

fakes::HttpServer::Options Saying(const std::string& body) {
  fakes::HttpServer::Options options;
  options.answer = [body](const std::string&) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  return options;
}

TEST_CASE("A history becomes rows of time and value, each at the beginning of its step") {
  fakes::HttpServer server(
      Saying(R"({"status":"success","data":{"resultType":"matrix","result":[)"
             R"({"metric":{},"values":[[1700000010,"5.5"],[1700000020,"-1"],[1700000030,"7"]]}]}})"));
  const auto csv =
      ReadPrometheus({"http://" + server.address(), "sum(x)", "1700000000", "", 10, "", ""}, kNow);
  REQUIRE_OK(csv);
  CHECK(*csv == "time,value\n1700000000.000,5.5\n1700000020.000,7\n");
  CHECK(server.Log().at(0).find("query=sum%28x%29&start=1700000010.000&end=1700000100.000&step=10.000") !=
        std::string::npos);
}

TEST_CASE("What is wrong is told by its option, or by what the server said") {
  const auto said = [](const PrometheusHistory& history) {
    return MessageOf(ReadPrometheus(history, kNow).status());
  };
  CHECK(said({"localhost", "x", "1", "", 10, "", ""}).starts_with("--prometheus"));
  CHECK(said({"http://a", "", "1", "", 10, "", ""}).starts_with("--query"));
  CHECK(said({"http://a", "x", "yesterday", "", 10, "", ""}).starts_with("--from"));
  CHECK(said({"http://a", "x", "1", "soon", 10, "", ""}).starts_with("--to"));
  CHECK(said({"http://a", "x", "5", "4", 10, "", ""}).starts_with("--to"));
  CHECK(said({"http://a", "x", "0", "", 0.001, "", ""}).starts_with("--step"));
  fakes::HttpServer html(Saying("<html>"));
  CHECK(said({"http://" + html.address(), "x", "1700000000", "", 10, "", ""}).find("<html>") !=
        std::string::npos);
  fakes::HttpServer none(Saying(R"({"status":"success","data":{"resultType":"matrix","result":[]}})"));
  CHECK(absl::IsNotFound(
      ReadPrometheus({"http://" + none.address(), "x", "1700000000", "", 10, "", ""}, kNow).status()));
}

}  // namespace
}  // namespace shadowd::input
