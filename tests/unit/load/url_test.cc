#include "load/url.h"

#include <catch2/catch.hpp>

#include "require_ok.h"

namespace shadowd::load {

TEST_CASE("URLs are taken apart as they are sent") {
  CHECK(*ParseUrl("http://shop.example") == Url{false, "shop.example", 80, "/"});
  CHECK(*ParseUrl("http://127.0.0.1:8080/a?b=c") == Url{false, "127.0.0.1", 8080, "/a?b=c"});
  CHECK(*ParseUrl("https://shop.example?q=1") == Url{true, "shop.example", 443, "/?q=1"});
  CHECK(*ParseUrl("http://[::1]:81/x") == Url{false, "::1", 81, "/x"});
  CHECK(*ParseUrl("http://[::1]/") == Url{false, "::1", 80, "/"});
}

TEST_CASE("Host names the port only where it is not the scheme's") {
  CHECK(ParseUrl("https://a.example:443/")->Authority() == "a.example");
  CHECK(ParseUrl("https://a.example:80/")->Authority() == "a.example:80");
  CHECK(ParseUrl("http://[::1]:81/")->Authority() == "[::1]:81");
}

TEST_CASE("what is no URL is refused with the reason") {
  const auto why = [](const char* text) { return MessageOf(ParseUrl(text).status()); };
  CHECK(why("shop.example/") ==
        "URL: no http:// or https:// at its start; expected http://HOST[:PORT][/PATH] or https://...");
  CHECK(why("http:///path").find("no host") != std::string::npos);
  CHECK(why("http://a:0/").find("1 to 65535") != std::string::npos);
  CHECK(why("http://a:99999/").find("1 to 65535") != std::string::npos);
  CHECK(why("http://a:8o/").find("1 to 65535") != std::string::npos);
  CHECK(why("http://me:pw@a/").find("Authorization") != std::string::npos);
  CHECK(why("http://a/b c").find("percent-encoded") != std::string::npos);
  CHECK(why("http://a/#top").find("fragment") != std::string::npos);
  CHECK(why("http://[::1/").find("bracket") != std::string::npos);
}

}  // namespace shadowd::load
