// The arrows of the architecture as a test: what a library may include, and what it may link. A library may
// use those below it; the table is the whole of it.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "tidy/source_tree.h"

namespace shadowd::tidy {
namespace {

using Names = std::set<std::string>;

const Names kLearners = {"base", "model", "ports", "series"};
const Names kPlans = {"base", "model", "series"};
const Names kCore = {"base",     "model",    "ports", "series", "forecast",
                     "capacity", "analysis", "cost",  "shadow"};

Names Plus(Names names, const Names& more) {
  names.insert(more.begin(), more.end());
  return names;
}

// Beside itself.
const std::map<std::string, Names> kMayUse = {
    {"base", {}},
    {"model", {"base"}},
    {"ports", {"base", "model"}},
    {"series", {"base", "model"}},
    {"forecast", kLearners},
    {"capacity", kLearners},
    {"analysis", Plus(kLearners, {"capacity"})},
    {"cost", Plus(kLearners, {"capacity"})},
    {"shadow", kCore},
    {"control", kCore},
    {"sim", Plus(kCore, {"control", "journal"})},
    {"provider", kPlans},
    {"scale", kPlans},
    {"mirror", kPlans},
    {"load", kPlans},
    {"chaos", kPlans},
    {"kpi", kPlans},
    {"rpc", {"base", "model", "proto"}},
    {"config", {"base", "model", "rpc", "proto"}},
    {"store", {"base", "model", "ports", "rpc", "proto"}},
    {"journal", {"base", "model", "ports", "forecast", "control", "rpc", "proto"}},
};

const Names kKnowProtobuf = {"rpc", "config", "store", "journal"};

// Of what is linked around them: the system calls know plans and never the core, the RPC edge translates, the
// web shows what the RPC edge keeps, the shim stays small, shadowctl is the client library and little else,
// what it reads is read by little too (with the questions to HTTP servers that the daemon puts as well), and
// shadow-lab asks the libraries that decide, without a daemon, on what one has left (store, journal); what
// sends load for it is the daemon's own.
const std::map<std::string, Names> kEdgeMayUse = {
    {"daemon/io",
     {"base", "model", "ports", "series", "provider", "scale", "mirror", "load", "chaos", "kpi"}},
    {"daemon/rpc", {"base", "model", "ports", "rpc", "config", "store", "proto"}},
    {"daemon/web", {"base", "model", "ports"}},
    {"daemon/shim", {"base", "model", "provider", "kpi"}},
    {"client/lib", {"base", "model", "rpc"}},
    {"client/input", {"base", "model"}},
    {"client/ctl", {"base", "config"}},
    {"client/lab",
     {"base", "model", "forecast", "capacity", "analysis", "sim", "config", "journal", "store", "series",
      "load"}},
};

std::string FirstFolder(const std::string& path) {
  return path.substr(0, path.find('/'));
}

struct Include {
  std::string path;
  bool angled = false;
};

std::vector<Include> Includes(const SourceFile& file) {
  static const std::regex directive(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  std::vector<Include> includes;
  for (const std::string_view line : Lines(file.text)) {
    std::cmatch match;
    if (std::regex_search(line.data(), line.data() + line.size(), match, directive)) {
      includes.push_back({match[2], match[1] == "<"});
    }
  }
  return includes;
}

bool IsProtobuf(const Include& include) {
  return include.path.starts_with("google/protobuf/") || include.path.starts_with("grpc") ||
         include.path.starts_with("shadowd/v1/");
}

void Report(const std::vector<std::string>& problems) {
  std::string all;
  for (const std::string& problem : problems) {
    all += "\n  " + problem;
  }
  INFO(problems.size() << " problems:" << all);
  CHECK(problems.empty());
}

// Written by CMake from the targets themselves: "NAME: ITEM;ITEM;...", one library a line.
std::map<std::string, std::vector<std::string>> LinkGraph() {
  std::map<std::string, std::vector<std::string>> graph;
  std::ifstream in(SHADOWD_LINK_GRAPH);
  for (std::string line; std::getline(in, line);) {
    const size_t colon = line.find(": ");
    std::istringstream items(line.substr(colon + 2));
    for (std::string item; std::getline(items, item, ';');) {
      graph[line.substr(0, colon)].push_back(item);
    }
  }
  return graph;
}

TEST_CASE("every library has its place among the layers") {
  std::vector<std::string> problems;
  for (const SourceFile& file : ReadTree(SHADOWD_ROOT)) {
    if (file.path.starts_with("lib/") && file.IsCpp()) {
      const std::string lib = FirstFolder(file.path.substr(4));
      if (!kMayUse.contains(lib)) {
        problems.push_back(fmt::format("{}: '{}' is in no layer", file.path, lib));
      }
    }
  }
  Report(problems);
}

TEST_CASE("a library includes only what lies below it") {
  std::vector<std::string> problems;
  for (const SourceFile& file : ReadTree(SHADOWD_ROOT)) {
    if (!file.path.starts_with("lib/") || !file.IsCpp() ||
        !kMayUse.contains(FirstFolder(file.path.substr(4)))) {
      continue;
    }
    const std::string lib = FirstFolder(file.path.substr(4));
    for (const Include& include : Includes(file)) {
      const std::string used = FirstFolder(include.path);
      const bool layer = !include.angled && used != lib && kMayUse.contains(used);
      const bool above = !include.angled && (used == "daemon" || used == "client");
      if (above || (layer && !kMayUse.at(lib).contains(used)) ||
          (IsProtobuf(include) && !kKnowProtobuf.contains(lib)) ||
          (include.path == "sqlite3.h" && lib != "store")) {
        problems.push_back(fmt::format("{} includes {}", file.path, include.path));
      }
    }
  }
  Report(problems);
}

TEST_CASE("the edges of daemon and client know plans and translations, never the core") {
  std::vector<std::string> problems;
  for (const SourceFile& file : ReadTree(SHADOWD_ROOT)) {
    for (const auto& [folder, may_use] : kEdgeMayUse) {
      if (!file.path.starts_with(folder + "/") || !file.IsCpp()) {
        continue;
      }
      for (const Include& include : Includes(file)) {
        const std::string used = FirstFolder(include.path);
        if (!include.angled && kMayUse.contains(used) && !may_use.contains(used)) {
          problems.push_back(fmt::format("{} includes {}", file.path, include.path));
        }
      }
    }
  }
  Report(problems);
}

TEST_CASE("a library links only what lies below it") {
  static const std::regex outside(
      R"(^(gRPC::|protobuf::|SQLite::|Boost::|spdlog::|Threads::|PkgConfig::|OpenSSL::))");
  const auto graph = LinkGraph();
  REQUIRE(graph.contains("model"));
  std::vector<std::string> problems;
  for (const auto& [lib, items] : graph) {
    if (!kMayUse.contains(lib)) {
      problems.push_back(lib + ": is in no layer");
      continue;
    }
    for (const std::string& item : items) {
      const bool ours = item.starts_with("shadowd_") && item != "shadowd_warnings";
      const bool ours_wrong = ours && !kMayUse.at(lib).contains(item.substr(8)) && item.substr(8) != lib;
      const bool protobuf = item.starts_with("gRPC::") || item.starts_with("protobuf::");
      const bool outside_wrong =
          std::regex_search(item, outside) && lib != "store" && !(protobuf && kKnowProtobuf.contains(lib));
      if (ours_wrong || outside_wrong) {
        problems.push_back(fmt::format("{} links {}", lib, item));
      }
    }
  }
  Report(problems);
}

}  // namespace
}  // namespace shadowd::tidy
