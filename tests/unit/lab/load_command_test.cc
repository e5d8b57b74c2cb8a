// The program as a user runs it.
#include "lab/load_command.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "fakes/http_server.h"
#include "run_program.h"

namespace shadowd::lab {
namespace {

ProgramResult Load(const std::string& arguments) {
  return RunProgram(std::string(SHADOW_LAB) + " load " + arguments + " 2>&1");
}

}  // namespace

TEST_CASE("load sends what it is asked for and tells it as JSON") {
  const fakes::HttpServer server;
  const ProgramResult result =
      Load("http://" + server.address() +
           "/a --rate 400 --arrival constant --duration 500ms --header 'X-Test: yes' --json");
  REQUIRE(result.code == 0);
  const nlohmann::json json = nlohmann::json::parse(result.out);
  CHECK(json["planned"] == json["completed"]);
  CHECK(json["planned"] >= 199);
  const std::vector<std::string> log = server.Log();
  REQUIRE(log.size() >= 199);
  CHECK(log[0].find("GET /a HTTP/1.1\r\n") == 0);
  CHECK(log[0].find("X-Test: yes\r\n") != std::string::npos);
}

TEST_CASE("a mix, a profile and recorded times are files") {
  const fakes::HttpServer server;
  char name[] = "/tmp/shadowd-load-XXXXXX";
  const std::string folder = mkdtemp(name);
  std::ofstream(folder + "/mix.csv") << "weight,method,path\n3,GET,/item/{1-9}\n1,HEAD,/\n";
  std::ofstream(folder + "/profile.csv") << "time,value\n0,100\n1,300\n";
  std::ofstream(folder + "/times.csv") << "time_us\n0\n100000\n150000\n";
  const std::string url = "http://" + server.address();
  const ProgramResult mixed = Load(url + " --mix " + folder + "/mix.csv --profile " + folder +
                                   "/profile.csv --hdr " + folder + "/hdr.txt --json");
  REQUIRE(mixed.code == 0);
  const nlohmann::json json = nlohmann::json::parse(mixed.out);
  CHECK(json["planned"].get<double>() == Approx(200).margin(60));
  REQUIRE(json["routes"].size() == 2);
  CHECK(json["routes"][0]["route"] == "GET /item/{1-9}");
  CHECK(std::filesystem::file_size(folder + "/hdr.txt") > 200);
  const ProgramResult traced = Load(url + " --arrival trace:" + folder + "/times.csv --json");
  REQUIRE(traced.code == 0);
  CHECK(nlohmann::json::parse(traced.out)["planned"] == 3);
  std::filesystem::remove_all(folder);
}

TEST_CASE("a search finds about what the target holds, and its runs feed the capacity curve") {
  fakes::HttpServer::Options slow;
  slow.delay_us = 10'000;
  const fakes::HttpServer server(slow);
  char name[] = "/tmp/shadowd-search-XXXXXX";
  const std::string folder = mkdtemp(name);
  // Two connections of 10 ms each answer at most 200 a second.
  const ProgramResult result =
      Load("http://" + server.address() + " --search 'p95_us<=40000' --connections 2 --points " + folder +
           "/points.csv --json");
  REQUIRE(result.code == 0);
  const nlohmann::json json = nlohmann::json::parse(result.out);
  CHECK(json["max_rate"] > 60);
  CHECK(json["max_rate"] < 200);
  const ProgramResult fit = RunProgram(std::string(SHADOW_LAB) + " capacity fit --points " + folder +
                                       "/points.csv --slo 'p95_us<=40000' --demand 1000 --json 2>&1");
  INFO(fit.out);
  CHECK(fit.code == 0);
  std::filesystem::remove_all(folder);
}

TEST_CASE("errors name the flag and the reason, and send nothing") {
  const fakes::HttpServer server;
  const std::string url = "http://" + server.address() + " ";
  const std::vector<std::pair<std::string, std::string>> cases{
      {url, "--rate R, --profile F.csv or --arrival trace:F"},
      {url + "--rate 0", "--rate: 0 requests per second send nothing"},
      {url + "--rate -3", "--rate: \"-3\""},
      {url + "--rate 1e12", "--rate: \"1e12\""},
      {url + "--rate 5 --profile x", "give one"},
      {url + "--rate 5 --duration 0s", "--duration: \"0s\""},
      {url + "--rate 5 --connections 0", "--connections"},
      {url + "--rate 5 --arrival gamma", "--arrival: \"gamma\""},
      {url + "--rate 5 --header X", "header \"X\""},
      {url + "--search 'p95_us<=1000' --rate 5", "--search chooses the rates itself"},
      {url + "--search fast", "fast"},
      {url + "--rate 5 --points x", "--points goes with --search"},
      {url + "--rate 5 --grpc Method", "package.Service/Method"},
      {url + "--rate 5 --body /no/such/file", "/no/such/file"},
      {"ftp://x --rate 5", "URL: no http"},
      {"http://no-such-host.invalid --rate 5", "host \"no-such-host.invalid\""},
  };
  for (const auto& [arguments, expected] : cases) {
    INFO(arguments);
    const ProgramResult result = Load(arguments);
    CHECK(result.code != 0);
    INFO(result.out);
    CHECK(result.out.find(expected) != std::string::npos);
  }
  CHECK(server.requests() == 0);
}

TEST_CASE("a target that refuses is told as such, with exact counts") {
  std::string address;
  {
    const fakes::HttpServer gone;
    address = gone.address();
  }
  const ProgramResult result = RunProgram(std::string(SHADOW_LAB) + " load http://" + address +
                                          " --rate 100 --duration 300ms --json 2>/dev/null");
  CHECK(result.code != 0);
  const nlohmann::json json = nlohmann::json::parse(result.out);
  CHECK(json["errors_by_kind"]["connect"] == json["sent"]);
  CHECK(json["valid"] == false);
}

}  // namespace shadowd::lab
