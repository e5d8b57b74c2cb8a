#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "data_file.h"
#include "fakes/packets.h"
#include "mirror/capture_file.h"
#include "require_ok.h"

namespace shadowd {
namespace {

// AYIYA, a tunnel of a provider that is no more.
const std::set<std::string> kOutOfReach = {"zeek-ayiya3.pcap"};

// Requests that are malformed on purpose (no version, half a version, no target), which the server refused
// with 400.
const std::string kWellFormedMethods = "CCM_POST:1 CONNECT:1 DELETE:1 GET:2 HEAD:1 OPTIONS:1 PUT:1 TRACE:1";

struct Expected {
  std::string file;
  int requests = 0;
  std::string methods;
};

std::vector<Expected> ReadExpected(const std::filesystem::path& path) {
  std::vector<Expected> all;
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    Expected expected;
    std::string requests;
    std::getline(fields, expected.file, '\t');
    std::getline(fields, requests, '\t');
    std::getline(fields, expected.methods, '\t');
    expected.requests = std::stoi(requests);
    all.push_back(expected);
  }
  return all;
}

TEST_CASE("real captures yield the requests that tshark counts") {
  const auto list = DataFile("pcap/expected.tsv");
  if (!list.has_value()) {
    WARN("no captures at hand (SHADOWD_DATA); skipped");
    return;
  }
  for (const Expected& expected : ReadExpected(*list)) {
    DYNAMIC_SECTION(expected.file) {
      std::ifstream in(list->parent_path() / expected.file, std::ios::binary);
      const std::string file{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
      std::vector<mirror::CapturedFrame> frames;
      REQUIRE_OK(
          mirror::ReadCapture(file, [&](const mirror::CapturedFrame& frame) { frames.push_back(frame); }));
      REQUIRE_FALSE(frames.empty());
      fakes::CollectingSink sink;
      mirror::Extractor::Options options;
      options.link = frames.front().link;
      mirror::Extractor extractor(sink, options);
      for (const mirror::CapturedFrame& frame : frames) {
        extractor.OnFrame(frame.bytes, frame.at);
      }
      extractor.OnTime(frames.back().at + std::chrono::seconds(60));
      std::string methods;
      for (const auto& [method, count] : sink.methods) {
        methods += (methods.empty() ? "" : " ") + method + ":" + std::to_string(count);
      }
      if (kOutOfReach.contains(expected.file)) {
        CHECK(sink.lines.empty());
      } else if (expected.file == "zeek-methods.pcap") {
        CHECK(methods == kWellFormedMethods);
      } else {
        CHECK(methods == expected.methods);
        CHECK(std::cmp_equal(sink.lines.size(), expected.requests));
      }
    }
  }
}

}  // namespace
}  // namespace shadowd
