// Any bytes as requests and as responses, cut at a place that the input chooses: no bound is passed, every
// byte is consumed, and a parsed request is rendered as exactly one request.
#include <cstdlib>
#include <string>

#include "load/http1_response.h"
#include "mirror/http1.h"
#include "mirror/policy.h"

namespace {

using namespace shadowd;
using mirror::Bytes;
using mirror::Http1Parser;

void CheckRendered(const mirror::MirroredRequest& request) {
  const mirror::Policy policy({"GET", "POST"}, "X-M");
  if (policy.Judge(request) != mirror::Policy::Verdict::kMirror) {
    return;
  }
  std::string out;
  policy.Render(request, out);
  Http1Parser again({.head_bytes_max = 1 << 20, .headers_max = 1000});
  Bytes bytes = mirror::AsBytes(out);
  int found = 0;
  Http1Parser::Step step;
  do {
    step = again.Feed(bytes, false);
    bytes = bytes.subspan(step.consumed);
    found += step.event == Http1Parser::Event::kRequest ? 1 : 0;
  } while (!bytes.empty() || step.event == Http1Parser::Event::kHead);
  if (found != 1) {
    std::abort();
  }
}

void FeedRequests(Bytes bytes, size_t cut) {
  Http1Parser parser({.head_bytes_max = 2048, .headers_max = 16, .body_bytes_max = 512});
  for (Bytes part : {bytes.first(cut), bytes.subspan(cut)}) {
    Http1Parser::Step step;
    bool start = true;
    do {
      step = parser.Feed(part, start);
      start = false;
      part = part.subspan(step.consumed);
      if (step.event == Http1Parser::Event::kRequest) {
        CheckRendered(parser.request());
      }
    } while (!part.empty() || step.event == Http1Parser::Event::kHead);
    parser.Gap(cut % 7);
  }
}

void FeedResponses(std::string_view text, size_t cut) {
  load::Http1Response response;
  response.Begin(text.size() % 5 == 0);
  for (std::string_view part : {text.substr(0, cut), text.substr(cut)}) {
    while (!part.empty()) {
      if (response.Feed(part) != load::Http1Response::Result::kMore) {
        response.Begin(false);
        part = part.empty() ? part : part.substr(1);
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) {
    return 0;
  }
  const Bytes bytes = std::as_bytes(std::span(data + 1, size - 1));
  const size_t cut = data[0] % (bytes.size() + 1);
  FeedRequests(bytes, cut);
  FeedResponses(mirror::AsText(bytes), cut);
  return 0;
}
