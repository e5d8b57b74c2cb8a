// Real traces and captures are not part of the sources. Where the environment variable SHADOWD_DATA names a
// folder with traces/ and pcap/, tests read them; without it they are skipped.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace shadowd {

// "traces/nab-nyc-taxi.csv"; nothing where it is not at hand.
inline std::optional<std::filesystem::path> DataFile(const std::string& name) {
  const char* folder = std::getenv("SHADOWD_DATA");
  if (folder == nullptr || *folder == '\0') {
    return std::nullopt;
  }
  std::filesystem::path path = std::filesystem::path(folder) / name;
  return std::filesystem::exists(path) ? std::optional(std::move(path)) : std::nullopt;
}

}  // namespace shadowd
