#include "scale/haproxy_names.h"

#include <string>

#include "require_ok.h"

using namespace shadowd;

TEST_CASE("Names of letters, digits, dots, dashes and underscores pass") {
  const std::string name = GENERATE(as<std::string>(), "web-i7", "a", "A.b_c-9", std::string(127, 'x'));
  REQUIRE_OK(scale::CheckHaproxyName("replica", name));
}

TEST_CASE("A name that could become another command is refused, and the error names its field") {
  const std::string name = GENERATE(as<std::string>(), "", "a b", "a;disable server b/c", "a\ndel server b/c",
                                    "a/b", "a#", "\xc3\xa4", std::string(128, 'x'), std::string("a\0b", 3));
  const Status status = scale::CheckHaproxyName("haproxy.backend", name);
  CHECK(ReasonOf(status) == "NAME_INVALID");
  CHECK(FieldOf(status) == "haproxy.backend");
}

TEST_CASE("Addresses are numeric and have a port") {
  const std::string address =
      GENERATE(as<std::string>(), "127.0.0.1:8080", "10.0.0.255:1", "[::1]:65535", "[fe80::1]:80");
  REQUIRE_OK(scale::CheckServerAddress(address));
}

TEST_CASE("Addresses that HAProxy would misread or take for options are refused") {
  const std::string address =
      GENERATE(as<std::string>(), "", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
               "127.0.0.1:80 backup", "localhost:80", "256.0.0.1:80", "1.2.3:80", "1.2.3.4.5:80", "::1:80",
               "[]:80", "127.0.0.1:80;x", ":80", "127.0.0.1:-1", "127.0.0.1:8080\n");
  CHECK(ReasonOf(scale::CheckServerAddress(address)) == "ADDRESS_INVALID");
}
