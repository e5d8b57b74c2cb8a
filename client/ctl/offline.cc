#include "offline.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace shadowd::ctl {
namespace {

constexpr const char* kProgram = "shadow-lab";
constexpr std::array kOptionsWithValue = {"-o",     "--output", "--address", "--ca",
                                          "--cert", "--key",    "--timeout"};

std::string OwnFolder() {
  std::string path(4096, '\0');
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  path.resize(length > 0 ? static_cast<size_t>(length) : 0);
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

bool IsOffline(std::string_view word) {
  return std::any_of(kOfflineCommands.begin(), kOfflineCommands.end(),
                     [&](const OfflineCommand& command) { return word == command.name; });
}

}  // namespace

std::optional<std::vector<std::string>> OfflineArguments(int argc, const char* const* argv) {
  std::vector<std::string> before;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word(argv[i]);
    if (IsOffline(word)) {
      std::vector<std::string> arguments(argv + i, argv + argc);
      arguments.insert(arguments.end(), before.begin(), before.end());
      return arguments;
    }
    if (!word.starts_with('-')) {
      return std::nullopt;
    }
    const bool with_value =
        std::find(kOptionsWithValue.begin(), kOptionsWithValue.end(), word) != kOptionsWithValue.end();
    // What concerns the output goes along; a connection is not needed.
    const bool output = word == "--json" || word.starts_with("-o") || word.starts_with("--output");
    for (const int last = with_value && i + 1 < argc ? i + 1 : i;; ++i) {
      if (output) {
        before.emplace_back(argv[i]);
      }
      if (i == last) {
        break;
      }
    }
  }
  return std::nullopt;
}

Status RunOffline(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{kProgram};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  const std::string folder = OwnFolder();
  for (const std::string& path :
       {folder + "/" + kProgram, folder + "/../libexec/shadowd/" + kProgram, std::string(kProgram)}) {
    ::execvp(path.c_str(), argv.data());  // a name without a slash is looked for on the PATH
    if (errno != ENOENT && errno != ENOTDIR) {
      return ErrnoStatus(errno, path);
    }
  }
  return NotFound(
      "there is no {} beside this program ({}), in ../libexec/shadowd or on the PATH; it belongs to "
      "the same package",
      kProgram, folder);
}

}  // namespace shadowd::ctl
