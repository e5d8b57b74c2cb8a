// "shadow-lab mirror": reads real requests off an interface, a VXLAN mirror or a capture file, and repeats
// them to the places that are named.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/status.h"
#include "daemon/io/mirror_run.h"

namespace CLI {
class App;
}

namespace shadowd::lab {

struct MirrorArguments {
  std::string interface, pcap;
  int vxlan_port = -1;
  int port = 0;
  double percent = 100;
  std::vector<std::string> to;
  std::string duration;
  std::vector<std::string> methods = {"GET", "HEAD"};
  std::string marker = "X-Shadowd-Mirror";
  double rate_max = 0;
  size_t connections = 64;
  bool insecure = false;
  std::string ca;
};

void AddMirrorOptions(CLI::App& mirror, MirrorArguments& arguments);

// Prints the answer; Ctrl-C ends it, and what was seen until then is told.
Status RunMirrorCommand(const MirrorArguments& arguments, bool json);

nlohmann::ordered_json ToJson(const io::MirrorResult& result, const std::vector<std::string>& to);
std::string ToText(const io::MirrorResult& result, const std::vector<std::string>& to);

}  // namespace shadowd::lab
