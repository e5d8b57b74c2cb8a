#include "mirror/mirrored_request.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/rng.h"

namespace shadowd::mirror {
namespace {

char OtherCase(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter ? static_cast<char>(c ^ 0x20) : c;
}

TEST_CASE("the case of letters does not tell texts apart, every other difference does") {
  Rng rng(GENERATE(1, 2, 3));
  for (int round = 0; round < 500; ++round) {
    std::string text(1 + rng.Below(12), ' ');
    for (char& c : text) {
      c = static_cast<char>(rng.Below(256));
    }
    std::string other = text;
    for (char& c : other) {
      c = rng.Below(2) == 0 ? OtherCase(c) : c;
    }
    CAPTURE(text, other);
    REQUIRE(EqualsIgnoreCase(text, other));
    const size_t at = rng.Below(text.size());
    const auto changed = static_cast<char>(text[at] ^ static_cast<char>(1 + rng.Below(255)));
    if (changed != text[at] && changed != OtherCase(text[at])) {
      other[at] = changed;
      REQUIRE_FALSE(EqualsIgnoreCase(text, other));
    }
    REQUIRE_FALSE(EqualsIgnoreCase(text, text.substr(1)));
  }
}

TEST_CASE("a token of a list is found whole, whatever its place, case and white space") {
  const auto [list, has] = GENERATE(table<std::string, bool>({{"close", true},
                                                              {"Close", true},
                                                              {"keep-alive, close", true},
                                                              {"keep-alive,\tCLOSE \t, te", true},
                                                              {",,close,", true},
                                                              {"", false},
                                                              {"closed", false},
                                                              {"not-close", false},
                                                              {"close;q=1", false},
                                                              {"keep-alive close", false},
                                                              {"clo,se", false}}));
  CAPTURE(list);
  CHECK(ListHas(list, "close") == has);
}

TEST_CASE("white space goes from both ends and stays inside") {
  const auto [text, trimmed] = GENERATE(table<std::string, std::string>(
      {{"", ""}, {" \t ", ""}, {"a", "a"}, {"\ta b\t c  ", "a b\t c"}, {"\r\n", "\r\n"}}));
  CAPTURE(text);
  CHECK(TrimSpace(text) == trimmed);
}

TEST_CASE("of fields with the same name the first is found, and of none nothing") {
  MirroredRequest request;
  request.headers = {{"Host", "web"}, {"X-Id", "1"}, {"x-id", "2"}, {"X-Id-More", "3"}};
  const HeaderField* field = request.Find("X-ID");
  REQUIRE(field != nullptr);
  CHECK(field == &request.headers[1]);
  CHECK(request.Find("x-id-more")->value == "3");
  CHECK(request.Find("X-I") == nullptr);
  CHECK(MirroredRequest().Find("Host") == nullptr);
}

}  // namespace
}  // namespace shadowd::mirror
