// The real shadow-lab on files of a folder of its own, as its user runs it.
#pragma once

#include <fmt/format.h>
#include <stdlib.h>
#include <zlib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "run_program.h"
#include "small_scene.h"

namespace shadowd::lab {

struct Result : ProgramResult {
  std::string err;
};

class Bench {
 public:
  Bench() {
    char path[] = "/tmp/shadow-lab-XXXXXX";
    path_ = ::mkdtemp(path);
  }
  ~Bench() { std::filesystem::remove_all(path_); }

  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << text;
    return path_ + "/" + name;
  }
  // Packed; of the result only the first `bytes`, as when a copy was cut short.
  std::string WriteGzip(const std::string& name, const std::string& text, size_t bytes = SIZE_MAX) const {
    const gzFile file = gzopen(Path(name).c_str(), "wb");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
    std::filesystem::resize_file(Path(name), std::min(bytes, std::filesystem::file_size(Path(name))));
    return Path(name);
  }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  std::string Read(const std::string& name) const {
    std::ifstream file(path_ + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  Result Run(const std::string& arguments) const {
    const std::string command = fmt::format("{} {} 2>{}/err", SHADOW_LAB, arguments, path_);
    ProgramResult done = RunProgram(command);
    return {std::move(done), Read("err")};
  }
  // Refused as bad input, with these words on standard error and nothing on standard output.
  void Refused(const std::string& arguments, const std::string& words, int code = 2) const {
    const Result result = Run(arguments);
    INFO(arguments << "\n" << result.err);
    CHECK(result.code == code);
    CHECK(result.out.empty());
    CHECK(result.err.find(words) != std::string::npos);
  }

 private:
  std::string path_;
};

inline std::string TraceCsv() {
  std::string text = "timestamp,value\n";
  for (const sim::TraceSample& sample : SmallHistory()) {
    text += fmt::format("{},{:.2f}\n", ToMicros(sample.at) / 1'000'000, sample.rps);
  }
  return text;
}

}  // namespace shadowd::lab
