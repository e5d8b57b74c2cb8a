#include "load/request_form.h"

#include <catch2/catch.hpp>
#include <set>

namespace shadowd::load {

TEST_CASE("a form as bytes of HTTP/1.1") {
  RequestForm form;
  form.target = "/a?b=1";
  form.headers = {{"X-Id", "7"}, {"accept", "text/html"}};
  CHECK(ToWire(form, Wire::kHttp1, "http", "shop:80")->bytes ==
        "GET /a?b=1 HTTP/1.1\r\nHost: shop:80\r\nUser-Agent: shadowctl-load\r\nX-Id: 7\r\naccept: "
        "text/html\r\n\r\n");
  form.method = "POST";
  form.body = "hi";
  form.headers = {{"host", "other"}};
  const WireRequest post = *ToWire(form, Wire::kHttp1, "http", "shop:80");
  CHECK(post.bytes ==
        "POST /a?b=1 HTTP/1.1\r\nHost: other\r\nUser-Agent: shadowctl-load\r\nAccept: */*\r\nContent-Length: "
        "2\r\n\r\nhi");
  CHECK_FALSE(post.safe);
}

TEST_CASE("a form as fields of HTTP/2, and a message of gRPC with its prefix") {
  RequestForm form;
  form.method = "POST";
  form.target = "/pkg.Service/Do";
  form.body = "abc";
  form.headers = {{"X-Id", "7"}};
  const WireRequest request = *ToWire(form, Wire::kGrpc, "https", "shop");
  const std::vector<std::pair<std::string, std::string>> fields{{":method", "POST"},
                                                                {":scheme", "https"},
                                                                {":authority", "shop"},
                                                                {":path", "/pkg.Service/Do"},
                                                                {"content-type", "application/grpc"},
                                                                {"te", "trailers"},
                                                                {"user-agent", "shadowctl-load"},
                                                                {"accept", "*/*"},
                                                                {"x-id", "7"}};
  CHECK(request.fields == fields);
  CHECK(request.body == std::string("\0\0\0\0\3abc", 8));
  CHECK(ToWire(form, Wire::kHttp2, "https", "shop")->body == "abc");
}

TEST_CASE("headers that would change the framing or smuggle lines are refused") {
  CHECK(*ParseHeader("X-Id: 7") == std::pair<std::string, std::string>("X-Id", "7"));
  CHECK(ParseHeader("Cookie:a=b")->second == "a=b");
  for (const char* bad : {"X-Id", ": 7", "X Id: 7", "X-Id: a\r\nEvil: 1", "Content-Length: 3",
                          "Transfer-Encoding: chunked", "Connection: close"}) {
    INFO(bad);
    CHECK_FALSE(ParseHeader(bad).ok());
  }
}

TEST_CASE("methods and targets that are none are refused") {
  RequestForm form;
  form.method = "GE T";
  CHECK_FALSE(ToWire(form, Wire::kHttp1, "http", "a").ok());
  form = {};
  form.target = "a";
  CHECK_FALSE(ToWire(form, Wire::kHttp1, "http", "a").ok());
  form.target = "/a b";
  CHECK_FALSE(ToWire(form, Wire::kHttp1, "http", "a").ok());
}

TEST_CASE("variables are drawn, other braces stay") {
  Rng rng(3);
  std::set<std::string> drawn;
  for (int i = 0; i < 200; ++i) {
    drawn.insert(Expand("/item/{1-4}", rng));
  }
  CHECK(drawn == std::set<std::string>{"/item/1", "/item/2", "/item/3", "/item/4"});
  CHECK(Expand("/{uuid}", rng).size() == 37);
  CHECK(Expand("/{uuid}", rng) != Expand("/{uuid}", rng));
  CHECK(Expand("/{name}/{3-}/{5-2}/{", rng) == "/{name}/{3-}/{5-2}/{");
  CHECK(HasVariables("/a/{0-9}"));
  CHECK_FALSE(HasVariables("/a/{x}"));
}

}  // namespace shadowd::load
