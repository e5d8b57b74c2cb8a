#include "daemon/io/http_client.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "daemon/io/http_pace.h"
#include "daemon/io/monotonic_clock.h"
#include "fakes/http_server.h"
#include "require_ok.h"

using namespace shadowd;
using namespace shadowd::io;
using fakes::HttpServer;

namespace {

std::string Answer(const std::string& body, const std::string& head = "200 OK") {
  return "HTTP/1.1 " + head + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

HttpServer::Options Saying(const std::string& answer) {
  HttpServer::Options options;
  options.answer = [answer](const std::string&) { return answer; };
  return options;
}

model::HttpServer Of(const HttpServer& server, const std::string& path = "") {
  model::HttpServer of;
  of.url = "http://" + server.address() + path;
  of.timeout = std::chrono::seconds(5);
  return of;
}

std::string TempFile(const std::string& name, const std::string& text) {
  const auto path = std::filesystem::temp_directory_path() / (name + "-" + std::to_string(::getpid()));
  std::ofstream(path) << text;
  return path.string();
}

}  // namespace

TEST_CASE("A page is fetched below the server's own path, and the connection is kept") {
  HttpServer server(Saying(Answer("hello")));
  HttpClient client;
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.Get(Of(server, "/prefix/"), "/a?b=c", 100);
    REQUIRE_OK(answer);
    CHECK(answer->status == 200);
    CHECK(answer->body == "hello");
  }
  const auto log = server.Log();
  REQUIRE(log.size() == 3);
  CHECK(log[0].starts_with("GET /prefix/a?b=c HTTP/1.1\r\n"));
  CHECK(log[0].find("Host: " + server.address()) != std::string::npos);
}

TEST_CASE("Whoever asks says who he is, by token or by password, read anew each time") {
  HttpServer server(Saying(Answer("ok")));
  HttpClient client;
  model::HttpServer of = Of(server);
  of.bearer_token_file = TempFile("token", "s3cret\n");
  REQUIRE_OK(client.Get(of, "/", 100));
  TempFile("token", "other");
  REQUIRE_OK(client.Get(of, "/", 100));
  of.bearer_token_file.clear();
  of.username = "u";
  of.password_file = TempFile("password", "p:w");
  REQUIRE_OK(client.Get(of, "/", 100));
  const auto log = server.Log();
  CHECK(log[0].find("Authorization: Bearer s3cret\r\n") != std::string::npos);
  CHECK(log[1].find("Authorization: Bearer other\r\n") != std::string::npos);
  CHECK(log[2].find("Authorization: Basic dTpwOnc=\r\n") != std::string::npos);
  of.password_file = "/nowhere/at/all";
  CHECK(absl::IsFailedPrecondition(client.Get(of, "/", 100).status()));
  of.password_file = TempFile("password", "a\r\nX: y");  // no header of its own making
  CHECK(absl::IsFailedPrecondition(client.Get(of, "/", 100).status()));
}

TEST_CASE("An answer that is too large is refused before it is there") {
  HttpServer::Options options;
  options.answer = [](const std::string&) {
    return "HTTP/1.1 200 OK\r\nContent-Length: 209715200\r\n\r\n" + std::string(1 << 20, 'x');
  };
  HttpServer server(options);
  HttpClient client;
  const Status status = client.Get(Of(server), "/", 1 << 16).status();
  CHECK(absl::IsResourceExhausted(status));
  CHECK(ReasonOf(status) == "ANSWER_TOO_LARGE");
  CHECK(MessageOf(status).find(server.address()) != std::string::npos);
}

TEST_CASE("A server that is silent, gone or breaks off is an error in time") {
  HttpClient client;
  model::HttpServer of;
  {
    HttpServer::Options stall;
    stall.stall = true;
    HttpServer server(stall);
    of = Of(server);
    of.timeout = std::chrono::milliseconds(150);
    CHECK(absl::IsDeadlineExceeded(client.Get(of, "/", 100).status()));
  }
  CHECK(absl::IsUnavailable(client.Get(of, "/", 100).status()));
  HttpServer liar(Saying("nonsense\r\n\r\n"));
  CHECK(absl::IsUnavailable(client.Get(Of(liar), "/", 100).status()));
}

TEST_CASE("Every other status is told with what was said") {
  HttpServer server(Saying(Answer("<html>over quota</html>", "429 Too Many Requests\r\nRetry-After: 7")));
  HttpClient client;
  const auto answer = client.Get(Of(server), "/", 100);
  REQUIRE_OK(answer);
  CHECK(answer->status == 429);
  CHECK(answer->retry_after == std::chrono::seconds(7));
  const Status status = StatusOfAnswer(*answer, Of(server).url);
  CHECK(absl::IsUnavailable(status));
  CHECK(MessageOf(status).find("429: <html>over quota</html>") != std::string::npos);
  CHECK(absl::IsPermissionDenied(StatusOfAnswer({401, "", "", Micros(0)}, "http://a")));
  CHECK(absl::IsNotFound(StatusOfAnswer({404, "", "", Micros(0)}, "http://a")));
}

TEST_CASE("A stop ends a question that waits") {
  HttpServer::Options stall;
  stall.stall = true;
  HttpServer server(stall);
  std::atomic<bool> stop{false};
  HttpClient client(&stop);
  std::thread stopper([&] {
    while (server.requests() == 0) {
      std::this_thread::yield();
    }
    stop = true;
  });
  model::HttpServer of = Of(server);
  of.timeout = std::chrono::minutes(1);
  CHECK_FALSE(client.Get(of, "/", 100).ok());
  stopper.join();
}

TEST_CASE("TLS is checked against the authorities that are named, and the name of the host") {
  const auto directory =
      std::filesystem::temp_directory_path() / ("shadowd-tls-" + std::to_string(::getpid()));
  std::filesystem::create_directories(directory);
  const std::string d = directory.string();
  REQUIRE(std::system(("cd " + d +
                       " && openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 "
                       "-subj /CN=localhost -addext subjectAltName=DNS:localhost >/dev/null 2>&1")
                          .c_str()) == 0);
  std::ofstream(d + "/page") << "secret page";
  const int port = 20'000 + ::getpid() % 20'000;
  const std::string serve = "cd " + d +
                            " && exec openssl s_server -quiet -WWW -key key.pem -cert cert.pem -accept " +
                            std::to_string(port) + " >/dev/null 2>&1";
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl("/bin/sh", "sh", "-c", serve.c_str(), nullptr);
    ::_exit(127);
  }
  HttpClient client;
  model::HttpServer of;
  of.url = "https://localhost:" + std::to_string(port);
  of.ca_file = d + "/cert.pem";
  StatusOr<HttpAnswer> answer = Unavailable("not yet");
  for (int i = 0; i < 500 && !answer.ok(); ++i) {
    answer = client.Get(of, "/page", 1000);
    std::this_thread::sleep_for(std::chrono::milliseconds(answer.ok() ? 0 : 20));
  }
  CHECK(answer.ok());
  if (answer.ok()) {
    CHECK(answer->body == "secret page");
  }
  model::HttpServer other = of;
  other.url = "https://127.0.0.1:" + std::to_string(port);
  CHECK(absl::IsUnavailable(client.Get(other, "/page", 1000).status()));
  of.ca_file.clear();
  CHECK(MessageOf(client.Get(of, "/page", 1000).status()).find("TLS") != std::string::npos);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  std::filesystem::remove_all(directory);
}

TEST_CASE("Questions to one server are spaced, those to another are not") {
  HttpPace pace(100);
  const MonoTime now(Micros(1'000'000));
  CHECK(pace.Reserve("a", now) == now);
  CHECK(pace.Reserve("a", now) == now + Micros(10'000));
  CHECK(pace.Reserve("b", now) == now);
  CHECK(pace.Reserve("a", now + std::chrono::seconds(1)) == now + std::chrono::seconds(1));
}
