#include "config/yaml_scalar.h"

#include "base/rng.h"
#include "config/field_check.h"
#include "config/ip_address.h"
#include "require_ok.h"

namespace shadowd::config {
namespace {

using namespace std::chrono_literals;

TEST_CASE("Times are read with their units") {
  REQUIRE(*ParseDuration("10s") == 10s);
  REQUIRE(*ParseDuration("250ms") == 250ms);
  REQUIRE(*ParseDuration("7us") == 7us);
  REQUIRE(*ParseDuration("1h30m") == 90min);
  REQUIRE(*ParseDuration("1.5s") == 1500ms);
  REQUIRE(*ParseDuration("2d") == 48h);
  REQUIRE(*ParseDuration("0") == 0s);
  REQUIRE(*ParseDuration("-3s") == -3s);
  for (const char* bad : {"", "10", "s", "10 s", "10x", "1m1h", "1s1s", "1..5s", "1e3s", "9999999999999d",
                          "-", "+1s", "infs"}) {
    INFO(bad);
    REQUIRE_FALSE(ParseDuration(bad).ok());
  }
}

TEST_CASE("A time that was written is read back exactly") {
  Rng rng(3);
  for (int i = 0; i < 5000; ++i) {
    const Micros length(static_cast<int64_t>(rng.Next() >> (13 + rng.Below(50))) *
                        (rng.Below(2) == 0 ? 1 : -1));
    INFO(FormatDuration(length));
    REQUIRE(*ParseDuration(FormatDuration(length)) == length);
  }
}

TEST_CASE("Sizes are read with their units") {
  REQUIRE(*ParseSize("64MiB") == uint64_t{64} << 20);
  REQUIRE(*ParseSize("1.5KiB") == 1536);
  REQUIRE(*ParseSize("2GB") == 2'000'000'000);
  REQUIRE(*ParseSize("18446744073709551615") == ~uint64_t{0});
  for (const char* bad : {"", "-1", "1 MiB", "MiB", "1Mib", "99999999TiB", "0x10", "1MiBx"}) {
    INFO(bad);
    REQUIRE_FALSE(ParseSize(bad).ok());
  }
}

TEST_CASE("Numbers and switches are strict") {
  REQUIRE(*ParseInteger("-42") == -42);
  REQUIRE_FALSE(ParseInteger("42.0").ok());
  REQUIRE_FALSE(ParseInteger("9223372036854775808").ok());
  REQUIRE(*ParseNumber("2.5e-3") == 0.0025);
  REQUIRE_FALSE(ParseNumber("nan").ok());
  REQUIRE_FALSE(ParseNumber("inf").ok());
  REQUIRE_FALSE(ParseNumber("50%").ok());
  REQUIRE(*ParseSwitch("true"));
  REQUIRE_FALSE(ParseSwitch("yes").ok());
}

TEST_CASE("IP addresses are numeric and endpoints have a port") {
  REQUIRE(ParseIpv4("127.0.0.1").has_value());
  for (const char* bad :
       {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.", "a.b.c.d", " 1.2.3.4"}) {
    REQUIRE_FALSE(ParseIpv4(bad).has_value());
  }
  for (const char* good : {"::", "::1", "1::", "fe80::1:2", "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1"}) {
    INFO(good);
    REQUIRE(ParseIpv6(good).has_value());
  }
  for (const char* bad : {"", ":", ":::", "1", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
                          "12345::", "::1%lo", "10.0.0.1::", "g::"}) {
    INFO(bad);
    REQUIRE_FALSE(ParseIpv6(bad).has_value());
  }
  REQUIRE(IsLoopback("127.8.9.1"));
  REQUIRE(IsLoopback("::1"));
  REQUIRE_FALSE(IsLoopback("0.0.0.0"));
  REQUIRE_FALSE(IsLoopback("localhost"));
  REQUIRE(ParseEndpoint("f", "[::1]:80")->loopback);
  REQUIRE(ParseEndpoint("f", "127.0.0.1:0")->port == 0);
  for (const char* bad : {"", "80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80",
                          "[127.0.0.1]:80", "localhost:80", "127.0.0.1:80x"}) {
    INFO(bad);
    REQUIRE(FieldOf(ParseEndpoint("f", bad).status()) == "f");
  }
}

}  // namespace
}  // namespace shadowd::config
