// TCP with TLS and client certificates: real handshakes with certificates made by openssl.
#include <cstdlib>
#include <fstream>

#include "daemon/rpc/credentials.h"
#include "rig.h"

namespace shadowd {
namespace {

// An authority with a server's and a client's certificate; files are NAME.pem and NAME.key.
class Authority {
 public:
  explicit Authority(std::string directory) : directory_(std::move(directory)) {
    REQUIRE(std::filesystem::create_directory(directory_));
    Run("req -x509 " + kKey + " -days 2 -subj /CN=authority -keyout ca.key -out ca.pem");
    Issue("server", "-addext subjectAltName=IP:127.0.0.1");
    Issue("autoscaler", "");
  }
  std::string File(const std::string& name) const { return directory_ + "/" + name; }

 private:
  void Issue(const std::string& name, const std::string& more) const {
    Run("req " + kKey + " -subj /CN=" + name + " " + more + " -keyout " + name + ".key -out " + name +
        ".csr");
    Run("x509 -req -days 2 -CA ca.pem -CAkey ca.key -CAcreateserial -copy_extensions copy -in " + name +
        ".csr -out " + name + ".pem");
  }
  void Run(const std::string& arguments) const {
    const std::string command = "cd " + directory_ + " && openssl " + arguments + " 2>>openssl.log";
    INFO(command);
    REQUIRE(std::system(command.c_str()) == 0);
  }

  inline static const std::string kKey = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
  std::string directory_;
};

daemon::TcpOptions Secured(const Authority& authority, const std::string& address) {
  return {address, authority.File("server.pem"), authority.File("server.key"), authority.File("ca.pem")};
}

// Asks for the status over TCP, with these credentials.
Status Ask(int port, const std::string& ca, const std::string& cert, const std::string& key) {
  client::Options to;
  to.address = fmt::format("127.0.0.1:{}", port);
  to.ca_file = ca;
  to.cert_file = cert;
  to.key_file = key;
  to.attempts = 1;
  return client::Client::Connect(to).value()->SetFreeze(false, "over TCP").status();
}

}  // namespace

TEST_CASE("Over TLS a client is let in by its certificate, named in the audit, and nobody else is") {
  Rig rig;
  const Authority ours(rig.directory.path() + "/ours");
  const Authority strange(rig.directory.path() + "/strange");
  daemon::ServerOptions options = rig.options;
  options.socket.path = rig.directory.path() + "/t.sock";
  options.tcp = Secured(ours, "127.0.0.1:0");
  const auto server = daemon::RpcServer::Create(options, rig.loop, rig.Hooks());
  REQUIRE_OK(server);
  const int port = (*server)->tcp_port();

  REQUIRE_OK(Ask(port, ours.File("ca.pem"), ours.File("autoscaler.pem"), ours.File("autoscaler.key")));
  REQUIRE(rig.loop.Events().size() == 1);
  CHECK_THAT(rig.loop.Events().back().actor, Catch::Contains("via=tcp cn=autoscaler"));

  CHECK(absl::IsUnavailable(Ask(port, ours.File("ca.pem"), "", "")));
  CHECK(absl::IsUnavailable(
      Ask(port, ours.File("ca.pem"), strange.File("autoscaler.pem"), strange.File("autoscaler.key"))));
  CHECK(absl::IsUnavailable(Ask(port, "", "", "")));  // in plain text
  CHECK(absl::IsUnavailable(
      Ask(port, strange.File("ca.pem"), ours.File("autoscaler.pem"), ours.File("autoscaler.key"))));
  CHECK(rig.loop.Events().size() == 1);
}

TEST_CASE("Away from loopback there is no TCP without TLS and client certificates") {
  Rig rig;
  const Authority ours(rig.directory.path() + "/ours");
  for (const char* address : {"0.0.0.0:7443", "[::]:7443", "192.0.2.1:7443", "127.example.org:7443",
                              "127.0.0.1.example.org:7443", "example.org:7443"}) {
    INFO(address);
    daemon::TcpOptions tcp{address, "", "", ""};
    CHECK(ReasonOf(daemon::MakeCredentials(tcp).status()) == "INSECURE_ADDRESS");
    tcp = Secured(ours, address);
    CHECK(daemon::MakeCredentials(tcp).ok());
    tcp.client_ca_file.clear();
    CHECK(ReasonOf(daemon::MakeCredentials(tcp).status()) == "INSECURE_ADDRESS");
  }
  for (const char* address : {"127.0.0.1:0", "127.9.9.9:7443", "[::1]:0", "localhost:0"}) {
    INFO(address);
    CHECK(daemon::MakeCredentials({address, "", "", ""}).ok());
  }
}

TEST_CASE("Certificates that cannot be are named before anything listens") {
  Rig rig;
  const Authority ours(rig.directory.path() + "/ours");
  daemon::TcpOptions tcp = Secured(ours, "127.0.0.1:0");
  std::string field;
  SECTION("not PEM") {
    tcp.cert_file = ours.File("openssl.log");
    field = "tcp.tls.cert";
  }
  SECTION("another's key") {
    tcp.key_file = ours.File("autoscaler.key");
    field = "tcp.tls.key";
  }
  SECTION("no key") {
    tcp.key_file = ours.File("server.pem");
    field = "tcp.tls.key";
  }
  SECTION("no authority") {
    tcp.client_ca_file = ours.File("server.key");
    field = "tcp.tls.client_ca";
  }
  SECTION("absent") {
    tcp.client_ca_file = ours.File("absent.pem");
    field = "tcp.tls.client_ca";
  }
  CHECK(FieldOf(daemon::MakeCredentials(tcp).status()) == field);
}

}  // namespace shadowd
