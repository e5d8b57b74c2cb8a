#include "daemon/service_files.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "config/service_file.h"

namespace shadowd::daemon {
namespace {

constexpr size_t kFileBytesMax = 1 << 20;
constexpr size_t kFilesMax = 10'000;

}  // namespace

StatusOr<std::string> ReadWholeFile(const std::string& path, size_t bytes_max) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return InvalidArgument("{} is a directory, not a file", path);
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return ErrnoStatus(errno, fmt::format("open {}", path));
  }
  std::string text(bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > bytes_max) {
    return InvalidArgument("{} is larger than {} bytes", path, bytes_max);
  }
  return text;
}

StatusOr<std::vector<model::ServiceSpec>> LoadServiceFiles(const std::string& directory) {
  std::vector<model::ServiceSpec> specs;
  if (directory.empty()) {
    return specs;
  }
  std::error_code error;
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".yaml") {
      paths.push_back(entry.path().string());
    }
  }
  if (error) {
    return WithField(NotFound("{}: {}", directory, error.message()), "service_dir");
  }
  if (paths.size() > kFilesMax) {
    return WithField(InvalidArgument("{} holds {} files, more than {}", directory, paths.size(), kFilesMax),
                     "service_dir");
  }
  std::sort(paths.begin(), paths.end());
  std::set<model::ServiceId> seen;
  for (const std::string& path : paths) {
    SHADOWD_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(path, kFileBytesMax));
    SHADOWD_ASSIGN_OR_RETURN(std::vector<model::ServiceSpec> found, config::ParseServiceSpecs(text, path));
    for (model::ServiceSpec& spec : found) {
      if (!seen.insert(spec.id).second) {
        return InvalidArgument("{}: service {} is defined twice in {}", path, spec.id, directory);
      }
      specs.push_back(std::move(spec));
    }
  }
  return specs;
}

}  // namespace shadowd::daemon
