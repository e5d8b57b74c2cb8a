#include "provider/template_text.h"

#include "base/rng.h"
#include "model/template_text.h"
#include "require_ok.h"

namespace shadowd::provider {
namespace {

const std::map<std::string, std::string> kValues = {
    {"port", "18080"}, {"id", "web-i1"}, {"role", "shadow"}, {"version", "{id}"}};

TEST_CASE("Placeholders become their values, and nothing else changes") {
  const auto [text, filled] = GENERATE(
      table<std::string, std::string>({{"", ""},
                                       {"--port={port}", "--port=18080"},
                                       {"{id}/{role}/{id}", "web-i1/shadow/web-i1"},
                                       {R"({{"port": {port}}})", R"({"port": 18080})"},
                                       {R"({"a": {"port": {port}}})", R"({"a": {"port": 18080}})"},
                                       {"{{port}}", "{port}"},
                                       {"{", "{"},
                                       {"/srv/{id", "/srv/{id"},
                                       {"gr\xc3\xbc\xc3\x9f \xff {id}", "gr\xc3\xbc\xc3\x9f \xff web-i1"}}));
  CAPTURE(text);
  const StatusOr<std::string> got = FillIn(text, kValues, "argv[1]");
  REQUIRE_OK(got);
  CHECK(*got == filled);
}

TEST_CASE("A value that looks like a placeholder is not filled in again") {
  CHECK(FillIn("{version}{version}", kValues, "argv[1]").value_or("") == "{id}{id}");
}

TEST_CASE("A placeholder without a value is refused, with the field and what is known") {
  const Status status = FillIn("--host={host}", kValues, "argv[1]").status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK(FieldOf(status) == "argv[1]");
  CHECK(MessageOf(status) == "argv[1]: unknown placeholder {host}; known: {id}, {port}, {role}, {version}");
}

TEST_CASE("A zero byte would end the argument early, so it is refused") {
  const Status status = FillIn(std::string_view("a\0{id}", 6), kValues, "working_dir").status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK(FieldOf(status) == "working_dir");
}

TEST_CASE("A text is refused only for a word that validation refuses too") {
  Rng rng(GENERATE(1, 2, 3));
  const std::vector<std::string> words = {"{",    "}",    "{{", "}}", "{port}", "{host}",
                                          "port", "host", "\"", ":",  " ",      "A"};
  int refused = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (uint64_t i = rng.Below(10); i > 0; --i) {
      text += words[rng.Below(words.size())];
    }
    CAPTURE(text);
    bool unknown = false;
    for (const model::TemplatePiece& piece : model::SplitTemplate(text)) {
      unknown = unknown || (piece.placeholder && !model::IsPlaceholder(piece.text));
    }
    REQUIRE(FillIn(text, kValues, "argv[1]").ok() == !unknown);
    refused += unknown ? 1 : 0;
  }
  CHECK(refused > 20);
}

}  // namespace
}  // namespace shadowd::provider
