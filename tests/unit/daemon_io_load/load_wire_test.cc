// TLS, HTTP/2 and gRPC's trailers against a real nginx with a certificate of its own.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "daemon/io/load_run.h"
#include "load/request_form.h"
#include "run_program.h"

namespace shadowd::io {
namespace {

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0);
  REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  close(fd);
  return ntohs(address.sin_port);
}

class Nginx {
 public:
  Nginx() {
    char name[] = "/tmp/shadowd-nginx-XXXXXX";
    folder_ = mkdtemp(name);
    REQUIRE(RunProgram("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext "
                       "subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout " +
                       folder_ + "/key.pem -out " + ca() + " 2>&1")
                .code == 0);
    std::ofstream(folder_ + "/nginx.conf")
        << "daemon off; worker_processes 1; pid " << folder_ << "/pid; error_log " << folder_ << "/error;\n"
        << "events {}\nhttp { access_log off;\n"
        << "client_body_temp_path " << folder_ << "/b; proxy_temp_path " << folder_
        << "/p; fastcgi_temp_path " << folder_ << "/f; uwsgi_temp_path " << folder_ << "/u; scgi_temp_path "
        << folder_ << "/s;\n"
        << "server { listen 127.0.0.1:" << tls_ << " ssl http2; ssl_certificate " << ca()
        << "; ssl_certificate_key " << folder_ << "/key.pem;\n"
        << Locations() << "}\n"
        << "server { listen 127.0.0.1:" << clear_ << " http2;\n"
        << Locations() << "}\n}\n";
    const std::string file = folder_ + "/nginx.conf";
    const char* argv[] = {"nginx", "-c", file.c_str(), "-p", folder_.c_str(), nullptr};
    REQUIRE(posix_spawnp(&pid_, "nginx", nullptr, nullptr, const_cast<char**>(argv), environ) == 0);
    for (int i = 0; i < 500 && !Listens(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    REQUIRE(Listens());
  }
  ~Nginx() {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
    std::filesystem::remove_all(folder_);
  }
  std::string ca() const { return folder_ + "/cert.pem"; }
  std::string tls() const { return "127.0.0.1:" + std::to_string(tls_); }
  std::string clear() const { return "127.0.0.1:" + std::to_string(clear_); }

 private:
  static std::string Locations() {
    return "location / { return 200 \"hello\\n\"; }\n"
           "location /missing { return 404; }\n"
           "location /fine { add_trailer grpc-status 0; return 200 \"m\"; }\n"
           "location /denied { add_trailer grpc-status 7; return 200 \"m\"; }\n";
  }
  bool Listens() const {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const Endpoint endpoint = *ParseEndpoint(tls(), "nginx");
    const bool up = connect(fd, endpoint.raw(), endpoint.length) == 0;
    close(fd);
    return up;
  }

  std::string folder_;
  int tls_ = FreePort();
  int clear_ = FreePort();
  pid_t pid_ = 0;
};

load::RunCounts Run(const std::string& address, std::shared_ptr<const TlsClient> tls, load::Wire wire,
                    const std::string& path, size_t connections = 4) {
  LoadOptions options;
  options.target.endpoint = *ParseEndpoint(address, "target");
  options.target.connections = connections;
  const bool secure = tls != nullptr;
  options.target.tls = std::move(tls);
  options.http2 = wire != load::Wire::kHttp1;
  options.plan.rate = load::RateCurve(500);
  options.plan.seconds = 0.5;
  load::RequestForm form;
  form.target = path;
  form.method = wire == load::Wire::kGrpc ? "POST" : "GET";
  form.body = wire == load::Wire::kGrpc ? std::string("\x0a\x03xyz", 5) : "";
  StatusOr<load::WireRequest> request = load::ToWire(form, wire, secure ? "https" : "http", address);
  REQUIRE(request.ok());
  request->expected_body = path == "/" ? std::optional(load::BodyHash("hello\n")) : std::nullopt;
  options.requests = {std::make_shared<const load::WireRequest>(*request)};
  options.weights = {1};
  options.routes = {path};
  const std::atomic<bool> never{false};
  const StatusOr<LoadResult> result = RunLoad(options, never, [](const LoadSnapshot&) {});
  REQUIRE(result.ok());
  REQUIRE(result->counts.sent > 150);
  return result->counts;
}

std::shared_ptr<const TlsClient> Tls(const std::string& name, bool verify, const std::string& ca,
                                     std::string_view protocol) {
  StatusOr<std::shared_ptr<const TlsClient>> client = TlsClient::Create(name, verify, ca, protocol);
  REQUIRE(client.ok());
  return *client;
}

}  // namespace

TEST_CASE("what is sent over TLS and HTTP/2 is answered, and the bodies are whole") {
  const Nginx nginx;
  SECTION("HTTP/1.1 over TLS") {
    const auto counts =
        Run(nginx.tls(), Tls("localhost", true, nginx.ca(), "http/1.1"), load::Wire::kHttp1, "/");
    CHECK(counts.completed == counts.sent);
    CHECK(counts.Errors() == 0);
  }
  SECTION("HTTP/2 over TLS, by address") {
    const auto counts = Run(nginx.tls(), Tls("127.0.0.1", true, nginx.ca(), "h2"), load::Wire::kHttp2, "/");
    CHECK(counts.completed == counts.sent);
    CHECK(counts.Errors() == 0);
  }
  SECTION("HTTP/2 in clear text, many requests on one connection") {
    const auto counts = Run(nginx.clear(), nullptr, load::Wire::kHttp2, "/", 1);
    CHECK(counts.completed == counts.sent);
    CHECK(counts.Errors() == 0);
    CHECK(counts.connections == 1);
    CHECK(Run(nginx.clear(), nullptr, load::Wire::kHttp2, "/missing").wrong_answers.contains("status_4xx"));
  }
}

TEST_CASE("a certificate that proves nothing is an error of each request, unless any is taken") {
  const Nginx nginx;
  const auto refused =
      Run(nginx.tls(), Tls("other.example", true, nginx.ca(), "http/1.1"), load::Wire::kHttp1, "/");
  CHECK(refused.unanswered.at("tls") == refused.sent);
  const auto taken = Run(nginx.tls(), Tls("other.example", false, "", "http/1.1"), load::Wire::kHttp1, "/");
  CHECK(taken.completed == taken.sent);
}

TEST_CASE("gRPC's status in the trailers counts, not HTTP's") {
  const Nginx nginx;
  CHECK(Run(nginx.clear(), nullptr, load::Wire::kGrpc, "/fine").Errors() == 0);
  const auto denied = Run(nginx.clear(), nullptr, load::Wire::kGrpc, "/denied");
  CHECK(denied.wrong_answers.at("grpc_7") == denied.completed);
}

TEST_CASE("an HTTP/1 server behind an HTTP/2 client is malformed or reset, and the run ends") {
  const Nginx nginx;
  const auto counts = Run(nginx.tls(), nullptr, load::Wire::kHttp2, "/");
  CHECK(counts.completed == 0);
  CHECK(counts.Errors() == counts.sent);
}

}  // namespace shadowd::io
