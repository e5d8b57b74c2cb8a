// The program as a user runs it: on captures, on a VXLAN mirror, and on loopback where that may be tapped.
#include "lab/mirror_command.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "daemon/io/endpoint.h"
#include "fakes/http_server.h"
#include "fakes/packets.h"
#include "run_program.h"

namespace shadowd::lab {
namespace {

std::string Little(uint32_t value) {
  return {static_cast<char>(value), static_cast<char>(value >> 8), static_cast<char>(value >> 16),
          static_cast<char>(value >> 24)};
}

// A capture with one request a flow, 1 ms apart.
std::string Capture(const std::vector<std::string>& requests) {
  std::string file =
      Little(0xa1b2c3d4) + std::string("\2\0\4\0", 4) + Little(0) + Little(0) + Little(65535) + Little(1);
  for (size_t i = 0; i < requests.size(); ++i) {
    fakes::TcpOptions tcp;
    tcp.source_port = static_cast<uint16_t>(20000 + i);
    const std::string frame = fakes::EthernetBytes(fakes::Ipv4Bytes(fakes::TcpBytes(tcp, requests[i])));
    const auto size = static_cast<uint32_t>(frame.size());
    file += Little(1) + Little(static_cast<uint32_t>(1000 * i)) + Little(size) + Little(size) + frame;
  }
  return file;
}

const std::vector<std::string> kRequests{
    "GET /a HTTP/1.1\r\nHost: shop\r\nAuthorization: secret\r\nX-Kept: 1\r\n\r\n",
    "POST /b HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\n\r\nhi",
    "HEAD /c HTTP/1.1\r\nHost: shop\r\n\r\n",
    "GET /d HTTP/1.1\r\nHost: shop\r\nX-Shadowd-Mirror: 1\r\n\r\n",
};

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/shadowd-mirror-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << text;
    return path_ + "/" + name;
  }

 private:
  std::string path_;
};

ProgramResult Mirror(const std::string& arguments) {
  return RunProgram(std::string(SHADOW_LAB) + " mirror " + arguments + " 2>&1");
}

void SendDatagram(int port, const std::string& bytes) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const io::Endpoint to = *io::ParseEndpoint("127.0.0.1:" + std::to_string(port), "to");
  REQUIRE(sendto(fd, bytes.data(), bytes.size(), 0, to.raw(), to.length) ==
          static_cast<ssize_t>(bytes.size()));
  close(fd);
}

int FreeUdpPort() {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  socklen_t length = sizeof(address);
  REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0);
  REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  close(fd);
  return ntohs(address.sin_port);
}

}  // namespace

TEST_CASE("a capture: what is in it, what the rules skip, what would be copied") {
  const Folder folder;
  const ProgramResult result = Mirror("--pcap " + folder.Write("a.pcap", Capture(kRequests)) + " --json");
  REQUIRE(result.code == 0);
  const nlohmann::json json = nlohmann::json::parse(result.out);
  CHECK(json["packets"] == 4);
  CHECK(json["captured_requests"] == 4);
  CHECK(json["methods"] == nlohmann::json({{"GET", 2}, {"HEAD", 1}, {"POST", 1}}));
  CHECK(json["skipped_by_policy"] == 2);
  CHECK(json["skipped"] == nlohmann::json({{"method", 1}, {"copy", 1}}));
  CHECK(json["sampled"] == 2);
  CHECK(json["sent"] == 0);
  CHECK(json["completeness"] == 1.0);
  for (const char* cause : {"tap", "parse", "queue", "fragments", "rate_cap"}) {
    CHECK(json["dropped"][cause] == 0);
  }
}

TEST_CASE("copies go to every place that is named, without credentials and with the marker") {
  const Folder folder;
  const fakes::HttpServer one, two;
  const ProgramResult result =
      Mirror("--pcap " + folder.Write("a.pcap", Capture(kRequests)) + " --method GET --method POST" +
             " --to http://" + one.address() + " --to http://" + two.address() + " --json");
  REQUIRE(result.code == 0);
  const nlohmann::json json = nlohmann::json::parse(result.out);
  CHECK(json["sampled"] == 2);
  CHECK(json["sent"] == 4);
  CHECK(json["shadow_latency_us"]["p50"] > 0);
  CHECK(json["places"][1]["completed"] == 2);
  for (const fakes::HttpServer* server : {&one, &two}) {
    const std::vector<std::string> log = server->Log();
    REQUIRE(log.size() == 2);
    CHECK(log[0].find("GET /a HTTP/1.1\r\nHost: shop\r\nX-Kept: 1\r\nX-Shadowd-Mirror: 1\r\n") == 0);
    CHECK(log[0].find("secret") == std::string::npos);
    CHECK(log[1].find("\r\n\r\nhi") != std::string::npos);
  }
}

TEST_CASE("a share is the same requests each time, and a smaller share is a part of it") {
  const Folder folder;
  std::vector<std::string> many;
  for (int i = 0; i < 2000; ++i) {
    many.push_back("GET /" + std::to_string(i) +
                   " HTTP/1.1\r\nHost: a\r\nX-Request-Id: " + std::to_string(i) + "\r\n\r\n");
  }
  const std::string file = folder.Write("many.pcap", Capture(many));
  const auto sampled = [&](const std::string& percent) {
    return nlohmann::json::parse(
               Mirror("--pcap " + file + " --percent " + percent + " --json").out)["sampled"]
        .get<int>();
  };
  CHECK(sampled("0") == 0);
  CHECK(sampled("100") == 2000);
  CHECK(sampled("12.5") == Approx(250).margin(60));
  CHECK(sampled("12.5") == sampled("12.5"));
}

TEST_CASE("a damaged capture counts up to the damage and says so") {
  const Folder folder;
  std::string file = Capture(kRequests);
  file.resize(file.size() - 10);
  const ProgramResult torn = Mirror("--pcap " + folder.Write("torn.pcap", file));
  CHECK(torn.code == 0);
  CHECK(torn.out.find("The capture is damaged: the file ends inside packet 4") != std::string::npos);
  const ProgramResult none =
      Mirror("--pcap " + folder.Write("none.pcap", "this is no capture, just some text"));
  CHECK(none.code == 2);
  CHECK(none.out.find("not a capture file") != std::string::npos);
}

TEST_CASE("VXLAN datagrams are received, what is none is counted apart") {
  const fakes::HttpServer server;
  const int port = FreeUdpPort();
  const std::string vxlan = std::string("\x08\0\0\0\0\0\x2a\0", 8);
  std::thread sender([&] {
    // Until somebody listens nothing arrives; then each request comes once more, on a new connection.
    for (uint16_t i = 0; i < 150; ++i) {
      fakes::TcpOptions tcp;
      tcp.source_port = static_cast<uint16_t>(30000 + i);
      SendDatagram(port, vxlan + fakes::EthernetBytes(fakes::Ipv4Bytes(fakes::TcpBytes(tcp, kRequests[0]))));
      SendDatagram(port, "noise");
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });
  const ProgramResult result = Mirror("--vxlan-port " + std::to_string(port) + " --duration 1s --to http://" +
                                      server.address() + " --json");
  sender.join();
  REQUIRE(result.code == 0);
  const nlohmann::json json = nlohmann::json::parse(result.out);
  CHECK(json["captured_requests"] > 20);
  CHECK(json["foreign_datagrams"] > 20);
  CHECK(json["sent"] == json["captured_requests"]);
  CHECK(server.requests() == json["sent"]);
}

TEST_CASE("a tap on loopback copies what a service is asked, and what it sends itself is not copied again") {
  if (geteuid() != 0) {
    WARN("a tap needs CAP_NET_RAW: skipped");
    return;
  }
  const fakes::HttpServer production, shadow;
  const std::string port = std::to_string(production.port());
  ProgramResult result;
  std::thread tap([&] {
    result = Mirror("--interface lo --port " + port + " --duration 2s --to http://" + shadow.address() +
                    " --json");
  });
  const ProgramResult load = RunProgram("sleep 0.5; " + std::string(SHADOW_LAB) + " load http://" +
                                        production.address() + "/x --rate 500 --duration 1s --json 2>&1");
  tap.join();
  REQUIRE(result.code == 0);
  const nlohmann::json json = nlohmann::json::parse(result.out);
  CHECK(json["captured_requests"] == nlohmann::json::parse(load.out)["sent"]);
  CHECK(json["sent"] == json["captured_requests"]);
  CHECK(shadow.requests() == production.requests());
  CHECK(json["completeness"] == 1.0);
}

TEST_CASE("errors of mirror name the flag and the reason") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "one of --interface I, --pcap F and --vxlan-port P"},
      {"--pcap a --vxlan-port 4789", "one of --interface I"},
      {"--interface lo", "--port:"},
      {"--interface no-such-if --port 80", "no-such-if"},
      {"--pcap /no/such/file", "/no/such/file"},
      {"--pcap a --percent 120", "--percent"},
      {"--vxlan-port 4789 --to shop:80", "--to: URL"},
      {"--vxlan-port 4789 --duration soon", "--duration: \"soon\""},
  };
  for (const auto& [arguments, expected] : cases) {
    INFO(arguments);
    const ProgramResult result = Mirror(arguments);
    CHECK(result.code != 0);
    INFO(result.out);
    CHECK(result.out.find(expected) != std::string::npos);
  }
}

}  // namespace shadowd::lab
