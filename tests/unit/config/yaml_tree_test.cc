#include "config/yaml_tree.h"

#include "require_ok.h"

namespace shadowd::config {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

std::string ErrorOf(const std::string& text) {
  return MessageOf(ParseYaml(text, "f.yaml").status());
}

TEST_CASE("A tree has kinds, order and lines") {
  const auto documents = ParseYaml("a: 1\nb:\n  - x\n  - \"2\"\nc: ~\n---\nd: {e: f}\n", "f.yaml");
  REQUIRE_OK(documents);
  REQUIRE(documents->size() == 2);
  const YamlNode& first = *(*documents)[0];
  REQUIRE(first.entries.size() == 3);
  REQUIRE(first.entries[1].key == "b");
  REQUIRE(first.entries[1].line == 2);
  REQUIRE(first.entries[1].value->items[1]->scalar == "2");
  REQUIRE(first.entries[1].value->items[1]->quoted);
  REQUIRE(first.entries[1].value->items[1]->line == 4);
  REQUIRE(first.entries[2].value->kind == YamlNode::Kind::kNull);
  REQUIRE((*documents)[1]->line == 7);
}

TEST_CASE("Empty texts and comments have no documents") {
  for (const char* text : {"", "\n\n", "# nothing\n", "---\n...\n"}) {
    REQUIRE(ParseYaml(text, "f")->empty());
  }
}

TEST_CASE("A duplicate key is an error where it stands") {
  REQUIRE(ErrorOf("a: 1\nb: {x: 1,\n    x: 2}\n") == "f.yaml:3: duplicate key 'x'");
}

TEST_CASE("Broken YAML is an error with file and line") {
  for (const char* text : {"a: [1, 2\n", "a: b: c\n", "\t- x\n", "{", "a: *nobody\n", "? [x]\n: y\n"}) {
    INFO(text);
    REQUIRE_THAT(ErrorOf(text), StartsWith("f.yaml:"));
  }
}

TEST_CASE("An alias stands for its node, once") {
  const auto documents = ParseYaml("a: &x {k: v}\nb: *x\n", "f");
  REQUIRE_OK(documents);
  REQUIRE((*documents)[0]->entries[1].value->entries[0].key == "k");
}

TEST_CASE("Aliases cannot blow up and cannot be circular") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string number = std::to_string(i);
    bomb += "a";
    bomb.append(number).append(": &a").append(number).append(" [");
    for (int k = 0; k < 10; ++k) {
      bomb += std::string(k == 0 ? "" : ", ") + "*a" + std::to_string(i - 1);
    }
    bomb += "]\n";
  }
  REQUIRE_THAT(ErrorOf(bomb), Contains("more than 100000 nodes"));
  REQUIRE_THAT(ErrorOf("a: &x [1, *x]\n"), Contains("alias"));
}

TEST_CASE("A text that is not UTF-8 is refused, written or escaped") {
  REQUIRE(ErrorOf("a: 1\nb: x\xaf/y\n") == "f.yaml:2: a text that is not UTF-8");
  REQUIRE_FALSE(ErrorOf("a: \"\\ud800\"\n").empty());
  REQUIRE(ErrorOf("a: \"\\xff \xc3\xbc\"\n").empty());
}

TEST_CASE("A stray bracket ends the parse instead of holding it up") {
  for (const char* text : {"}\n", "a: 1\n}\n", "a: 1\n, b: 2}\nc\n", "]", "# x\n, y"}) {
    INFO(text);
    REQUIRE_FALSE(ErrorOf(text).empty());
  }
}

TEST_CASE("Depth and size are bounded") {
  REQUIRE_THAT(ErrorOf(std::string(40, '[') + std::string(40, ']')), Contains("deeper than 32 levels"));
  REQUIRE_FALSE(ErrorOf(std::string(200'000, '[')).empty());
  REQUIRE_THAT(ErrorOf(std::string(kYamlBytesMax + 1, '#')), Contains("more than 1048576"));
}

}  // namespace
}  // namespace shadowd::config
