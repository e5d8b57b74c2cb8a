// Runs a command of the shell to its end: what it printed and how it ended. For tests that use a program as
// its user does; the test's own thread.
#pragma once

#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <string>

namespace shadowd {

struct ProgramResult {
  int code = -1;  // of the exit; -1 when it was killed
  std::string out;
};

inline ProgramResult RunProgram(const std::string& command) {
  ProgramResult result;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  char buffer[4096];
  for (size_t got = 0; (got = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;) {
    result.out.append(buffer, got);
  }
  const int status = ::pclose(pipe);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

}  // namespace shadowd
