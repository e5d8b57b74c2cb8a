#include "mirror/http1.h"

#include "require_ok.h"

namespace shadowd::mirror {
namespace {

using Event = Http1Parser::Event;

struct Found {
  std::vector<std::string> requests;  // "METHOD target body"
  int lost = 0;
  int foreign = 0;
};

void Feed(Http1Parser& parser, std::string_view text, size_t size, Found& found) {
  for (size_t at = 0; at < text.size(); at += size) {
    Bytes bytes = AsBytes(text.substr(at, size));
    bool start = true;
    Http1Parser::Step step;
    do {
      step = parser.Feed(bytes, start);
      start = false;
      bytes = bytes.subspan(step.consumed);
      found.lost += step.event == Event::kLost ? 1 : 0;
      found.foreign += step.event == Event::kForeign ? 1 : 0;
      if (step.event == Event::kRequest) {
        const MirroredRequest& request = parser.request();
        found.requests.push_back(std::string(request.method) + " " + std::string(request.target) + " " +
                                 std::string(request.body));
      }
    } while (!bytes.empty() || step.event == Event::kHead);
  }
}

TEST_CASE("requests are parsed whatever their framing, cut at any size") {
  struct Case {
    const char* name;
    const char* text;
    std::vector<std::string> requests;
    int lost = 0;
    int foreign = 0;
  };
  const auto c = GENERATE(values<Case>({
      {"pipelined", "GET /a HTTP/1.1\r\n\r\nHEAD /b HTTP/1.0\r\nX: y\r\n\r\n", {"GET /a ", "HEAD /b "}},
      {"content length",
       "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\n\r\n",
       {"POST /a hello", "GET /b "}},
      {"chunked with extension and trailer",
       "PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=1\r\nhello\r\n6\r\n world\r\n0\r\nT: "
       "1\r\n\r\n"
       "GET /b HTTP/1.1\r\n\r\n",
       {"PUT /a hello world", "GET /b "}},
      {"bare newlines and leading empty lines",
       "\r\n\nGET /a HTTP/1.1\nHost: x\n\nGET /b HTTP/1.1\n\n",
       {"GET /a ", "GET /b "}},
      {"an upgrade ends HTTP",
       "GET /a HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n\x81garbage",
       {"GET /a "}},
      {"CONNECT ends HTTP", "CONNECT h:1 HTTP/1.1\r\n\r\nGET /inside HTTP/1.1\r\n\r\n", {"CONNECT h:1 "}},
      {"an HTTP/2 preface is foreign", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {}, 0, 1},
      {"TLS is foreign", "\x16\x03\x01\n\x01\n\n", {}, 0, 1},
      {"both framings are refused",
       "GET /ok HTTP/1.1\r\n\r\n"
       "POST /a HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
       {"GET /ok "},
       1},
      {"lengths that differ are refused",
       "GET /ok HTTP/1.1\r\n\r\nPOST /a HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
       {"GET /ok "},
       1},
      {"a bad chunk size is refused",
       "GET /ok HTTP/1.1\r\n\r\nPOST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
       {"GET /ok "},
       1},
  }));
  const size_t size = GENERATE(1, 2, 3, 16, 4096);
  INFO(c.name << ", cut at " << size);
  Http1Parser parser;
  Found found;
  Feed(parser, c.text, size, found);
  CHECK(found.requests == c.requests);
  CHECK(found.lost == c.lost);
  CHECK(found.foreign == c.foreign);
}

TEST_CASE("a body over the limit is skipped, not kept, and the next request is found") {
  Http1Parser::Options options;
  options.body_bytes_max = 4;
  Http1Parser parser(options);
  Found found;
  Feed(parser, "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 4096, found);
  REQUIRE(found.requests.size() == 1);
  CHECK(parser.request().body_over_limit);
  CHECK(parser.request().body.empty());
  Feed(parser, "GET /b HTTP/1.1\r\n\r\n", 4096, found);
  CHECK(found.requests.back() == "GET /b ");
}

TEST_CASE("a head over the limit loses that request alone") {
  Http1Parser::Options options;
  options.head_bytes_max = 100;
  Http1Parser parser(options);
  Found found;
  Feed(parser, "GET /a HTTP/1.1\r\n\r\n", 4096, found);
  Feed(parser, "GET /b HTTP/1.1\r\nX: " + std::string(200, 'x') + "\r\n\r\n", 4096, found);
  Feed(parser, "GET /c HTTP/1.1\r\n\r\n", 4096, found);
  CHECK(found.requests == std::vector<std::string>{"GET /a ", "GET /c "});
  CHECK(found.lost == 1);
}

TEST_CASE("a hole inside a body damages that request and keeps the framing") {
  Http1Parser parser;
  Found found;
  Feed(parser, "POST /a HTTP/1.1\r\nContent-Length: 10\r\n\r\n123", 4096, found);
  CHECK_FALSE(parser.Gap(4));
  Feed(parser, "890GET /b HTTP/1.1\r\n\r\n", 4096, found);
  CHECK(found.lost == 1);
  CHECK(found.requests == std::vector<std::string>{"GET /b "});
}

TEST_CASE("a body announced by 100-continue and never sent does not eat the next request") {
  Http1Parser parser;
  Found found;
  Feed(parser, "POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n", 4096, found);
  Feed(parser, "GET /b HTTP/1.1\r\n\r\n", 4096, found);
  CHECK(found.requests == std::vector<std::string>{"GET /b "});
  CHECK(found.lost == 1);
}

}  // namespace
}  // namespace shadowd::mirror
