// The files of this repository as the tidy tests see them. Pure but for reading the tree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shadowd::tidy {

struct SourceFile {
  std::string path;  // from the root: "lib/base/status.h"
  std::string text;

  std::string folder() const;     // "lib/base"; "" right under the root
  std::string extension() const;  // ".h"
  bool IsCpp() const;
};

// Every text file right under the root or anywhere under one of the known folders, sorted by path.
std::vector<SourceFile> ReadTree(const std::string& root);
// Names right under the root.
std::vector<std::string> TopLevel(const std::string& root);

std::vector<std::string_view> Lines(std::string_view text);

// The text with comments and the contents of literals blanked, line by line as long as before.
std::string CodeOnly(std::string_view text);

struct Function {
  std::string head;  // its first line
  int line = 0;      // from 1
  int lines = 0;     // from its first line to its closing brace
};
// Functions at namespace or class level, found by counting braces: good for code as clang-format leaves it.
std::vector<Function> Functions(std::string_view text);

}  // namespace shadowd::tidy
