#include "rpc/page_token.h"

#include "base/rng.h"
#include "require_ok.h"

namespace shadowd::rpc {
namespace {

TEST_CASE("A token gives back its key for the same query") {
  for (const std::string& key :
       {std::string("web"), std::string(), std::string("\0\xff/+", 4), std::string(900, 'k')}) {
    const std::string token = EncodePageToken(key, "trials services/web");
    REQUIRE(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
            std::string::npos);
    const auto back = DecodePageToken(token, "trials services/web");
    REQUIRE_OK(back);
    REQUIRE(*back == key);
  }
}

TEST_CASE("The empty token is the first page") {
  REQUIRE(DecodePageToken("", "any")->empty());
}

TEST_CASE("A token of another query is refused") {
  const Status status =
      DecodePageToken(EncodePageToken("web", "trials services/a"), "trials services/b").status();
  REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
  REQUIRE(ReasonOf(status) == "INVALID_PAGE_TOKEN");
  REQUIRE(FieldOf(status) == "page_token");
}

TEST_CASE("A cut, altered or invented token is refused") {
  const std::string good = EncodePageToken("services/web/trials/web-t12", "q");
  for (size_t cut = 1; cut < good.size(); ++cut) {
    REQUIRE_FALSE(DecodePageToken(good.substr(0, cut), "q").ok());
  }
  Rng rng(7);
  for (int i = 0; i < 2000; ++i) {
    std::string bad = good;
    bad[rng.Below(bad.size())] = static_cast<char>('!' + rng.Below(90));
    const auto decoded = DecodePageToken(bad, "q");
    // The last character of base64 may carry unused bits: the same bytes are the same token.
    REQUIRE((!decoded.ok() || *decoded == "services/web/trials/web-t12"));
  }
  for (const char* bad : {"x", "%%%%", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AQ"}) {
    REQUIRE(ReasonOf(DecodePageToken(bad, "q").status()) == "INVALID_PAGE_TOKEN");
  }
  REQUIRE_FALSE(DecodePageToken(std::string(1 << 20, 'A'), "q").ok());
}

TEST_CASE("Page sizes have a default, a ceiling and no negatives") {
  REQUIRE(*PageSize(0) == kDefaultPageSize);
  REQUIRE(*PageSize(7) == 7);
  REQUIRE(*PageSize(1'000'000) == kMaxPageSize);
  REQUIRE(FieldOf(PageSize(-1).status()) == "page_size");
}

}  // namespace
}  // namespace shadowd::rpc
