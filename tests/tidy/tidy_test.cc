// Style as a test: each rule names the file, the line and what is wrong. The rules are those of a reader, not
// of a linter: what can be seen in the text alone.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <regex>
#include <set>

#include "tidy/source_tree.h"

namespace shadowd::tidy {
namespace {

const std::string kRoot = SHADOWD_ROOT;
constexpr size_t kColumnsMax = 110;
constexpr size_t kFileLinesMax = 400;
constexpr int kFunctionLinesMax = 70;

const std::vector<SourceFile>& Tree() {
  static const std::vector<SourceFile> tree = ReadTree(kRoot);
  return tree;
}

// Columns as a reader counts them: UTF-8 continuation bytes are none.
size_t Columns(std::string_view line) {
  return static_cast<size_t>(
      std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

void Report(const std::vector<std::string>& problems) {
  std::string all;
  for (const std::string& problem : problems) {
    all += "\n  " + problem;
  }
  INFO(problems.size() << " problems:" << all);
  CHECK(problems.empty());
}

template <typename Rule>
void ForEachLine(const SourceFile& file, std::string_view text, std::vector<std::string>& problems,
                 const Rule& wrong) {
  int number = 0;
  for (const std::string_view line : Lines(text)) {
    ++number;
    if (const std::string words = wrong(line); !words.empty()) {
      problems.push_back(fmt::format("{}:{}: {}", file.path, number, words));
    }
  }
}

TEST_CASE("lines of code are at most 110 columns and have no tabs or blanks at their end") {
  std::vector<std::string> problems;
  for (const SourceFile& file : Tree()) {
    if (!file.IsCpp() && file.extension() != ".proto") {
      continue;
    }
    ForEachLine(file, file.text, problems, [](std::string_view line) -> std::string {
      if (Columns(line) > kColumnsMax) {
        return fmt::format("{} columns", Columns(line));
      }
      if (line.find('\t') != std::string_view::npos) {
        return "a tab";
      }
      return line.ends_with(' ') ? "a blank at the end" : "";
    });
  }
  Report(problems);
}

TEST_CASE("files of code have at most 400 lines") {
  std::vector<std::string> problems;
  for (const SourceFile& file : Tree()) {
    if (const size_t lines = Lines(file.text).size(); file.IsCpp() && lines > kFileLinesMax) {
      problems.push_back(fmt::format("{}: {} lines", file.path, lines));
    }
  }
  Report(problems);
}

TEST_CASE("functions have at most 70 lines") {
  std::vector<std::string> problems;
  for (const SourceFile& file : Tree()) {
    if (!file.IsCpp()) {
      continue;
    }
    for (const Function& function : Functions(file.text)) {
      if (function.lines > kFunctionLinesMax) {
        problems.push_back(
            fmt::format("{}:{}: {} lines: {}", file.path, function.line, function.lines, function.head));
      }
    }
  }
  Report(problems);
}

TEST_CASE("a marker of work left over names its owner") {
  // Put together here, so that this file does not trip over itself.
  const std::regex marker(std::string("\\b(TO") + "DO|FIX" + "ME|X" + "XX)\\b(?!\\([a-z])");
  std::vector<std::string> problems;
  for (const SourceFile& file : Tree()) {
    ForEachLine(file, file.text, problems, [&](std::string_view line) -> std::string {
      return std::regex_search(line.begin(), line.end(), marker) ? "a marker without an owner" : "";
    });
  }
  Report(problems);
}

// lib/ is a set of pure functions and machines; the store alone does IO, and so may have a thread and a
// clock.
TEST_CASE("the libraries do no IO, have no threads and read no clock") {
  const std::regex header(
      R"(^#include <(thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier)"
      R"(|stop_token|iostream|fstream|syncstream|filesystem|random|ctime|time\.h|unistd\.h|fcntl\.h)"
      R"(|poll\.h|netdb\.h|ifaddrs\.h|dirent\.h|dlfcn\.h|pthread\.h|sched\.h|syslog\.h|signal\.h)"
      R"(|csignal|sys/.*|net/.*|netinet/.*|arpa/.*|linux/.*|spdlog/.*|boost/.*|systemd/.*)"
      R"(|absl/(synchronization|time|random|log|flags)/.*)>)");
  const std::regex token(
      R"(::now\(|\babsl::Now\(|\bstd::time\(|\btime\((NULL|nullptr)\)|\bclock_gettime\(|\bgettimeofday\()"
      R"(|\bsleep_(for|until)\b|\bu?sleep\(|\b(get|set)env\(|\benviron\b|\brandom_device\b|\bs?rand\()"
      R"(|\bpopen\(|\bstd::system\(|\bstd::c(out|err|log|in)\b|\bfopen\()");
  std::vector<std::string> problems;
  for (const SourceFile& file : Tree()) {
    if (!file.IsCpp() || !file.path.starts_with("lib/") || file.path.starts_with("lib/store/")) {
      continue;
    }
    const std::string code = CodeOnly(file.text);
    ForEachLine(file, code, problems, [&](std::string_view line) -> std::string {
      if (std::regex_search(line.begin(), line.end(), header) ||
          std::regex_search(line.begin(), line.end(), token)) {
        return std::string(line);
      }
      return "";
    });
  }
  Report(problems);
}

// A failed SHADOWD_CHECK alone says where, before it aborts.
TEST_CASE("no library prints") {
  const std::regex token(R"(\bstd::c(out|err|log)\b|\bfmt::print\(|\bv?f?printf\(|\bf?puts\()"
                         R"(|\bputchar\(|\bperror\(|\bfwrite\()");
  std::vector<std::string> problems;
  for (const SourceFile& file : Tree()) {
    if (!file.IsCpp() || !file.path.starts_with("lib/") || file.path == "lib/base/check.h") {
      continue;
    }
    const std::string code = CodeOnly(file.text);
    ForEachLine(file, code, problems, [&](std::string_view line) {
      return std::regex_search(line.begin(), line.end(), token) ? std::string(line) : std::string();
    });
  }
  Report(problems);
}

// Salted or unspecified orders of iteration would make two runs of one seed differ.
TEST_CASE("the core keeps its state in ordered containers") {
  const std::regex token(R"(\bunordered_(multi)?(map|set)\b|\b(flat|node)_hash_(map|set)\b)");
  std::vector<std::string> problems;
  for (const SourceFile& file : Tree()) {
    const bool core = file.path.starts_with("lib/control/") || file.path.starts_with("lib/shadow/") ||
                      file.path.starts_with("lib/sim/");
    if (!core || !file.IsCpp()) {
      continue;
    }
    const std::string code = CodeOnly(file.text);
    ForEachLine(file, code, problems, [&](std::string_view line) {
      return std::regex_search(line.begin(), line.end(), token) ? std::string(line) : std::string();
    });
  }
  Report(problems);
}

// The mirror of lib/a/x.cc is tests/unit/a/x_test.cc. A source that only its own library calls may be tested
// through its header by another test of the folder; one without a header is a part of a neighbour that has
// one.
TEST_CASE("every source of a library is tested where one looks for it") {
  std::set<std::string> paths;
  std::map<std::string, std::string> tests;  // of each library, all its tests' text
  for (const SourceFile& file : Tree()) {
    paths.insert(file.path);
    if (file.path.starts_with("tests/unit/") && file.path.ends_with("_test.cc")) {
      tests[file.folder().substr(11)] += file.text;
    }
  }
  std::vector<std::string> problems;
  for (const std::string& path : paths) {
    if (!path.starts_with("lib/") || !path.ends_with(".cc")) {
      continue;
    }
    const std::string stem = path.substr(4, path.size() - 4 - 3);
    const std::string& folder_tests = tests[stem.substr(0, stem.rfind('/'))];
    const bool included = folder_tests.find(fmt::format("#include \"{}.h\"", stem)) != std::string::npos;
    const bool part = !paths.contains(fmt::format("lib/{}.h", stem)) && !folder_tests.empty();
    if (!paths.contains(fmt::format("tests/unit/{}_test.cc", stem)) && !included && !part) {
      problems.push_back(fmt::format("{}: tests/unit/{}_test.cc is missing", path, stem));
    }
  }
  Report(problems);
}

TEST_CASE("a header opens with a comment and is included once") {
  std::vector<std::string> problems;
  for (const SourceFile& file : Tree()) {
    if (file.extension() != ".h") {
      continue;
    }
    if (!file.text.starts_with("// ")) {
      problems.push_back(file.path + ": does not open with what it is");
    }
    if (file.text.find("\n#pragma once\n") == std::string::npos) {
      problems.push_back(file.path + ": has no #pragma once");
    }
  }
  Report(problems);
}

TEST_CASE("sources are listed one by one in CMake") {
  const std::regex glob(R"(^[^#]*\bfile\s*\(\s*GLOB)", std::regex::icase);
  std::vector<std::string> problems;
  for (const SourceFile& file : Tree()) {
    if (file.extension() == ".cmake" || file.path.ends_with("CMakeLists.txt")) {
      ForEachLine(file, file.text, problems, [&](std::string_view line) {
        return std::regex_search(line.begin(), line.end(), glob) ? std::string(line) : std::string();
      });
    }
  }
  Report(problems);
}

// tests/README.md speaks for the folders under tests/.
TEST_CASE("a folder that is built says what it is") {
  std::vector<std::string> problems;
  for (const SourceFile& file : Tree()) {
    if (!file.path.ends_with("/CMakeLists.txt") || file.path.starts_with("tests/")) {
      continue;
    }
    if (!std::filesystem::exists(kRoot + "/" + file.folder() + "/README.md")) {
      problems.push_back(file.folder() + "/README.md is missing");
    }
  }
  if (!std::filesystem::exists(kRoot + "/tests/README.md")) {
    problems.push_back("tests/README.md is missing");
  }
  Report(problems);
}

TEST_CASE("the top level holds what the design names and nothing else") {
  const std::set<std::string> checked_in = {"proto",       "lib",       "daemon",     "client",
                                            "config",      "systemd",   "tests",      "CMakeLists.txt",
                                            "LICENSE",     "README.md", ".ci",        ".clang-format",
                                            ".clang-tidy", ".git",      ".gitignore", "CMakePresets.json"};
  const std::set<std::string> ignored = {"build", ".cache", "compile_commands.json"};
  std::vector<std::string> problems;
  for (const std::string& name : TopLevel(kRoot)) {
    if (!checked_in.contains(name) && !ignored.contains(name)) {
      problems.push_back(name);
    }
  }
  Report(problems);
}

}  // namespace
}  // namespace shadowd::tidy
