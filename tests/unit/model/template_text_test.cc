#include "model/template_text.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "base/rng.h"

namespace shadowd::model {
namespace {

// Placeholders as <word>; neighbouring literals are told apart by nothing, as they are in what is filled in.
std::string Shown(std::string_view text) {
  std::string shown;
  for (const TemplatePiece& piece : SplitTemplate(text)) {
    shown += piece.placeholder ? "<" + std::string(piece.text) + ">" : std::string(piece.text);
  }
  return shown;
}

TEST_CASE("Words in braces are placeholders, doubled braces are braces, others stay") {
  const auto [text, shown] = GENERATE(
      table<std::string, std::string>({{"", ""},
                                       {"plain", "plain"},
                                       {"{port}", "<port>"},
                                       {"--port={port},{id}", "--port=<port>,<id>"},
                                       {"{prot}", "<prot>"},
                                       {"{a_b}{c}", "<a_b><c>"},
                                       {"{{port}}", "{port}"},
                                       {"{{{port}}}", "{<port>}"},
                                       {"{{{{port}}}}", "{{port}}"},
                                       {R"({{"port": {port}}})", R"({"port": <port>})"},
                                       {R"({"port": {port}, "x": {}})", R"({"port": <port>, "x": {}})"},
                                       {R"({"a": {"b": {port}}})", R"({"a": {"b": <port>}})"},
                                       {R"({"a": {{"b": 1}}})", R"({"a": {"b": 1}})"},
                                       {"{{a}} }}", "{a} }}"},
                                       {"}}{{", "}}{"},
                                       {"{", "{"},
                                       {"}", "}"},
                                       {"{}", "{}"},
                                       {"{port", "{port"},
                                       {"port}", "port}"},
                                       {"{po{rt}", "{po<rt>"},
                                       {"{Port}{port1}{ id }", "{Port}{port1}{ id }"}}));
  CAPTURE(text);
  CHECK(Shown(text) == shown);
}

TEST_CASE("Any text is cut into pieces that lie in it, in order") {
  Rng rng(GENERATE(1, 2, 3));
  const std::string letters = "{{{}}}ab_A\"1 ";
  for (int round = 0; round < 3000; ++round) {
    std::string text(rng.Below(24), ' ');
    for (char& c : text) {
      c = letters[rng.Below(letters.size())];
    }
    CAPTURE(text);
    const char* at = text.data();
    for (const TemplatePiece& piece : SplitTemplate(text)) {
      REQUIRE_FALSE(piece.text.empty());
      REQUIRE(piece.text.data() >= at);
      at = piece.text.data() + piece.text.size();
      REQUIRE(at <= text.data() + text.size());
      const bool word = std::all_of(piece.text.begin(), piece.text.end(),
                                    [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
      REQUIRE((!piece.placeholder || word));
    }
    if (text.find_first_of("{}") == std::string::npos) {
      REQUIRE(Shown(text) == text);
    }
  }
}

// Whatever is well nested can be written by doubling its braces, and what is JSON without doing so.
std::string Nested(Rng& rng, int depth) {
  std::string text;
  for (uint64_t i = rng.Below(4); i > 0; --i) {
    text += depth > 0 && rng.Below(2) == 0 ? "{" + Nested(rng, depth - 1) + "}" : std::string("port");
  }
  return text;
}

std::string Json(Rng& rng, int depth) {
  std::string text = "{";
  for (uint64_t i = rng.Below(3); i > 0; --i) {
    text += text.size() > 1 ? "," : "";
    text += "\"port\":" + (depth > 0 ? Json(rng, depth - 1) : std::string("\"id\""));
  }
  return text + "}";
}

TEST_CASE("Doubling every brace of a well-nested text gives that text") {
  Rng rng(4);
  for (int round = 0; round < 1000; ++round) {
    const std::string text = Nested(rng, 4);
    std::string doubled;
    for (const char c : text) {
      doubled += std::string(c == '{' || c == '}' ? 2 : 1, c);
    }
    CAPTURE(doubled);
    REQUIRE(Shown(doubled) == text);
  }
}

TEST_CASE("JSON is one literal") {
  Rng rng(5);
  for (int round = 0; round < 1000; ++round) {
    const std::string text = Json(rng, 4);
    CAPTURE(text);
    REQUIRE(SplitTemplate(text) == std::vector<TemplatePiece>{{text, false}});
  }
}

TEST_CASE("Only the four words are known") {
  for (const std::string_view word : kPlaceholders) {
    CHECK(IsPlaceholder(word));
  }
  for (const std::string_view word : {"", "ports", "PORT", "host", "{port}"}) {
    CHECK_FALSE(IsPlaceholder(word));
  }
}

}  // namespace
}  // namespace shadowd::model
