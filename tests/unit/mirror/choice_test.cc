#include <set>

#include "base/rng.h"
#include "mirror/completeness.h"
#include "mirror/policy.h"
#include "mirror/sampler.h"
#include "require_ok.h"

namespace shadowd::mirror {
namespace {

MirroredRequest Request(std::string_view method, std::string_view target,
                        std::vector<HeaderField> headers = {}) {
  MirroredRequest request;
  request.method = method;
  request.target = target;
  request.headers = std::move(headers);
  return request;
}

TEST_CASE("the sampler chooses its share, fractions included") {
  const double share = GENERATE(0.0, 0.001, 0.125, 0.5, 1.0);
  const Sampler sampler(share, 42);
  constexpr int kRequests = 200'000;
  int chosen = 0;
  for (int i = 0; i < kRequests; ++i) {
    chosen += sampler.Chosen(RequestKey(Request("GET", "/same"), 7, static_cast<uint64_t>(i))) ? 1 : 0;
  }
  const double sigma = std::sqrt(share * (1 - share) / kRequests);
  CHECK(std::abs(chosen / double{kRequests} - share) <= 4 * sigma);
}

TEST_CASE("a smaller share is a subset of a larger one, and salts are independent") {
  const Sampler small(0.2, 1);
  const Sampler large(0.4, 1);
  const Sampler other(0.4, 2);
  int both = 0, chosen = 0;
  for (uint64_t key = 0; key < 20'000; ++key) {
    if (small.Chosen(key)) {
      REQUIRE(large.Chosen(key));
    }
    chosen += large.Chosen(key) ? 1 : 0;
    both += large.Chosen(key) && other.Chosen(key) ? 1 : 0;
  }
  CHECK(both / double(chosen) == Approx(0.4).margin(0.03));
}

TEST_CASE("a request that carries an id has the same key on every host and flow") {
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const std::string later_span = "00-4bf92f3577b34da6a3ce929d0e0e4736-53995c3f42cd8ad8-01";
  CHECK(RequestKey(Request("GET", "/", {{"X-Request-ID", "abc"}}), 1, 2) ==
        RequestKey(Request("GET", "/", {{"x-request-id", "abc"}}), 3, 4));
  CHECK(RequestKey(Request("GET", "/", {{"traceparent", trace}}), 1, 2) ==
        RequestKey(Request("GET", "/", {{"traceparent", later_span}}), 3, 4));
  CHECK(RequestKey(Request("GET", "/"), 1, 2) != RequestKey(Request("GET", "/"), 1, 3));
}

TEST_CASE("only harmless requests are mirrored unless others are allowed") {
  const Policy policy;
  using Verdict = Policy::Verdict;
  CHECK(policy.Judge(Request("GET", "/a")) == Verdict::kMirror);
  CHECK(policy.Judge(Request("HEAD", "/a")) == Verdict::kMirror);
  CHECK(policy.Judge(Request("POST", "/a")) == Verdict::kMethod);
  CHECK(policy.Judge(Request("get", "/a")) == Verdict::kMethod);
  CHECK(policy.Judge(Request("GET", "/a b")) == Verdict::kUnsafe);
  CHECK(policy.Judge(Request("GET", "/a", {{"x-shadowd-mirror", "1"}})) == Verdict::kCopy);
  CHECK(Policy({"POST"}, "X-M").Judge(Request("POST", "/a")) == Verdict::kMirror);
}

TEST_CASE("a copy carries the marker and leaves credentials and hop-by-hop fields behind") {
  MirroredRequest request = Request("GET", "/a?b=c",
                                    {{"Host", "web"},
                                     {"Authorization", "Bearer t"},
                                     {"Cookie", "s=1"},
                                     {"Connection", "close, X-Hop"},
                                     {"X-Hop", "1"},
                                     {"Transfer-Encoding", "chunked"},
                                     {"Baggage", "user=7"},
                                     {"Accept", "*/*"}});
  request.body = "hello";
  std::string out;
  Policy().Render(request, out);
  CHECK(out ==
        "GET /a?b=c HTTP/1.1\r\nHost: web\r\nAccept: */*\r\nX-Shadowd-Mirror: 1\r\n"
        "baggage: user=7,shadowd.mirror=1\r\nContent-Length: 5\r\n\r\nhello");
}

TEST_CASE("no field value can smuggle a line into the copy") {
  std::string out;
  Policy().Render(Request("GET", "/", {{"X-A", "one\rX-B: two"}, {"baggage", "a\r=b"}}), out);
  CHECK(out == "GET / HTTP/1.1\r\nHost: shadow\r\nX-Shadowd-Mirror: 1\r\nbaggage: shadowd.mirror=1\r\n\r\n");
}

TEST_CASE("completeness counts what the ring and the queues lost") {
  Completeness books;
  CHECK(books.Ratio() == 1.0);
  books.captured = 90;
  books.dropped_by_tap = 10;
  books.copies_due = 100;
  books.dropped_by_queue = 50;
  CHECK(books.Capture() == Approx(0.9));
  CHECK(books.Ratio() == Approx(0.45));
}

}  // namespace
}  // namespace shadowd::mirror
