// Every example in config/ is what it says: a file that the daemon takes.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/daemon_config.h"
#include "config/service_file.h"
#include "require_ok.h"

namespace shadowd::config {
namespace {

std::string Text(const std::filesystem::path& path) {
  std::ifstream stream(path);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::vector<std::filesystem::path> YamlIn(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST_CASE("Every example of a daemon configuration is valid") {
  const auto files = YamlIn(SHADOWD_CONFIG_DIR);
  REQUIRE(files.size() >= 2);
  for (const auto& file : files) {
    REQUIRE_OK(ParseDaemonConfig(Text(file), file.string()));
  }
}

TEST_CASE("Every example of a service is valid") {
  auto files = YamlIn(std::filesystem::path(SHADOWD_CONFIG_DIR) / "services");
  REQUIRE(files.size() >= 3);
  files.push_back(std::filesystem::path(SHADOWD_CONFIG_DIR) / "simulate" / "service.yaml");
  for (const auto& file : files) {
    REQUIRE_OK(ParseServiceSpecs(Text(file), file.string()));
  }
}

}  // namespace
}  // namespace shadowd::config
