#include "tidy/source_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace shadowd::tidy {
namespace {

constexpr std::array kFolders = {"proto", "lib", "daemon", "client", "config", "systemd", "tests"};
constexpr std::array kTextExtensions = {".h",  ".cc", ".proto", ".cmake", ".txt",   ".md",
                                        ".sh", ".in", ".sql",   ".yaml",  ".slice", ".json"};

// Blanks one literal or comment that starts at `at`; gives where it ends.
size_t BlankUntil(std::string& text, size_t at, size_t end) {
  for (size_t i = at; i < std::min(end, text.size()); ++i) {
    if (text[i] != '\n') {
      text[i] = ' ';
    }
  }
  return end;
}

size_t EndOfQuoted(std::string_view text, size_t at) {
  const char quote = text[at];
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == quote || text[i] == '\n') {
      return i;
    }
  }
  return text.size();
}

size_t EndOfRaw(std::string_view text, size_t at) {  // at: the R of R"x(
  const size_t open = text.find('(', at);
  const std::string close = fmt::format("){}\"", text.substr(at + 2, open - at - 2));
  const size_t end = text.find(close, open);
  return end == std::string_view::npos ? text.size() : end + close.size();
}

bool IsWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

}  // namespace

std::string SourceFile::folder() const {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}
std::string SourceFile::extension() const {
  return std::filesystem::path(path).extension().string();
}
bool SourceFile::IsCpp() const {
  return extension() == ".h" || extension() == ".cc";
}

std::vector<SourceFile> ReadTree(const std::string& root) {
  namespace fs = std::filesystem;
  std::vector<fs::path> paths;
  for (const fs::directory_entry& entry : fs::directory_iterator(root)) {
    paths.push_back(entry.path());
  }
  for (const char* folder : kFolders) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(fs::path(root) / folder)) {
      paths.push_back(entry.path());
    }
  }
  std::vector<SourceFile> files;
  for (const fs::path& path : paths) {
    const std::string extension = path.extension().string();
    if (!fs::is_symlink(path) && fs::is_regular_file(path) &&
        std::find(kTextExtensions.begin(), kTextExtensions.end(), extension) != kTextExtensions.end()) {
      std::ifstream in(path, std::ios::binary);
      files.push_back({fs::relative(path, root).string(),
                       std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>())});
    }
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

std::vector<std::string> TopLevel(const std::string& root) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string CodeOnly(std::string_view text) {
  std::string code(text);
  for (size_t at = 0; at < code.size();) {
    const std::string_view rest = text.substr(at);
    const bool after_word = at > 0 && IsWord(text[at - 1]);
    if (rest.starts_with("//")) {
      at = BlankUntil(code, at, std::min(text.find('\n', at), text.size()));
    } else if (rest.starts_with("/*")) {
      const size_t end = text.find("*/", at + 2);
      at = BlankUntil(code, at, end == std::string_view::npos ? text.size() : end + 2);
    } else if (rest.starts_with("R\"") && !after_word) {
      at = BlankUntil(code, at, EndOfRaw(text, at));
    } else if (text[at] == '"' || (text[at] == '\'' && !after_word)) {  // after a word: a digit separator
      const size_t end = EndOfQuoted(text, at);
      BlankUntil(code, at + 1, end);
      at = end + 1;
    } else {
      ++at;
    }
  }
  return code;
}

}  // namespace shadowd::tidy
