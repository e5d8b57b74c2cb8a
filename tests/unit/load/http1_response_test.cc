#include "load/http1_response.h"

#include "require_ok.h"

namespace shadowd::load {
namespace {

using Result = Http1Response::Result;

TEST_CASE("responses end where their framing says, cut at any size") {
  struct Case {
    const char* name;
    const char* text;
    bool head_request;
    Result result;
    int status;
    bool keep_alive;
    size_t left;
  };
  const auto c = GENERATE(values<Case>({
      {"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloX", false, Result::kDone, 200, true, 1},
      {"no body", "HTTP/1.1 204 No Content\r\n\r\n", false, Result::kDone, 204, true, 0},
      {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, Result::kDone, 200, true, 0},
      {"chunked", "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n", false,
       Result::kDone, 500, true, 0},
      {"interim first", "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
       false, Result::kDone, 200, true, 0},
      {"close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", false, Result::kDone,
       200, false, 0},
      {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", false, Result::kDone, 200, false, 0},
      {"until close", "HTTP/1.1 200 OK\r\n\r\nwhatever", false, Result::kMore, 200, false, 0},
      {"garbage", "SSH-2.0-OpenSSH_9.2p1\r\n\r\n", false, Result::kBad, 0, true, 0},
      {"bad length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", false, Result::kBad, 200, true, 0},
      {"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", false, Result::kBad, 200,
       true, 0},
  }));
  const size_t size = GENERATE(1, 2, 5, 4096);
  INFO(c.name << ", cut at " << size);
  Http1Response response;
  response.Begin(c.head_request);
  std::string_view text = c.text;
  Result result = Result::kMore;
  while (!text.empty() && result == Result::kMore) {
    std::string_view piece = text.substr(0, size);
    const size_t given = piece.size();
    result = response.Feed(piece);
    text.remove_prefix(given - piece.size());
  }
  CHECK(result == c.result);
  CHECK(response.begun());
  if (c.result != Result::kBad) {
    CHECK(response.status() == c.status);
    CHECK(response.keep_alive() == c.keep_alive);
    CHECK(text.size() == c.left);
  }
  CHECK(response.EndsWithClose() == (std::string_view(c.name) == "until close"));
}

TEST_CASE("a head without end is refused at its limit") {
  Http1Response response;
  response.Begin(false);
  const std::string line = "X-Filler: " + std::string(1000, 'x') + "\r\n";
  std::string_view first = "HTTP/1.1 200 OK\r\n";
  Result result = response.Feed(first);
  for (int i = 0; i < 100 && result == Result::kMore; ++i) {
    std::string_view piece = line;
    result = response.Feed(piece);
  }
  CHECK(result == Result::kBad);
}

}  // namespace
}  // namespace shadowd::load
