// The tidy tests can only be trusted as far as they read code right.
#include "tidy/source_tree.h"

#include <catch2/catch.hpp>

namespace shadowd::tidy {
namespace {

TEST_CASE("comments and literals are blanked and lines keep their places") {
  const std::string code =
      CodeOnly("a; // {\nb = \"{\\\"{\"; /* {\n{ */ c = '{'; d = R\"x({)\"{)x\"; e = 1'000;\n");
  CHECK(code.find('{') == std::string::npos);
  CHECK(Lines(code).size() == 3);
  CHECK(code.find("e = 1'000;") != std::string::npos);
}

TEST_CASE("functions are found in namespaces and classes, and measured from head to closing brace") {
  const std::string text =
      "#define BRACE {\n"
      "namespace a::b {\n"
      "constexpr int kTable[] = {1, 2};\n"
      "enum class Kind { kA, kB };\n"
      "struct S : Base {\n"
      "  S() : x_{1}, y_(2) {\n"
      "  }\n"
      "  bool operator==(const S& other) const {\n"
      "    return f([&] { return 1; });\n"
      "  }\n"
      "  int x_{0};\n"
      "};\n"
      "\n"
      "template <typename T>\n"
      "void Long(T value,\n"
      "          int n = {}) {\n"
      "  if (n) {\n"
      "  }\n"
      "}\n"
      "void Declared();\n"
      "TEST_CASE(\"a { b\") {\n"
      "}\n"
      "}\n";
  std::vector<std::string> found;
  for (const Function& function : Functions(text)) {
    if (function.lines > 1) {
      found.push_back(std::to_string(function.line) + "+" + std::to_string(function.lines));
    }
  }
  CHECK(found == std::vector<std::string>{"6+2", "8+3", "14+6", "21+2"});
}

}  // namespace
}  // namespace shadowd::tidy
