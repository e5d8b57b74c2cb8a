// "shadow-lab load": open-loop load on an explicit URL.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace CLI {
class App;
}

namespace shadowd::lab {

struct LoadArguments {
  std::string url;
  std::string rate, profile, arrival = "poisson";
  std::string duration, timeout = "5s";
  size_t connections = 64;
  int threads = 1;
  uint64_t requests = 0, requests_per_connection = 0;
  std::string method = "GET", body, expect;
  std::vector<std::string> headers;
  std::string mix, log;
  int hour = -1;
  bool http2 = false;
  std::string grpc;
  std::string ca;
  bool insecure = false;
  uint64_t seed = 1;
  std::string hdr;
  std::string search;  // an SLO: the highest rate within it is looked for
  std::string points;  // where the search's runs go
};

void AddLoadOptions(CLI::App& load, LoadArguments& arguments);

// Prints the answer; Ctrl-C ends the run early, and what was measured until then is told.
Status RunLoadCommand(const LoadArguments& arguments, bool json);

}  // namespace shadowd::lab
