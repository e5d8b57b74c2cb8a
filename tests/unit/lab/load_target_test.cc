#include "lab/load_target.h"

#include <catch2/catch.hpp>

namespace shadowd::lab {

TEST_CASE("lengths of time name their flag when they are none") {
  CHECK(*ParseLength("--duration", "1500ms") == std::chrono::milliseconds(1500));
  for (const char* bad : {"", "0s", "-1s", "10", "40d", "soon"}) {
    INFO(bad);
    CHECK(MessageOf(ParseLength("--duration", bad).status()).find("--duration: ") == 0);
  }
}

TEST_CASE("a target is resolved, and has TLS where its URL says so") {
  const load::Url plain = *load::ParseUrl("http://127.0.0.1:81/");
  CHECK(TargetOf(plain, "http/1.1", true, "")->tls == nullptr);
  CHECK(TargetOf(plain, "http/1.1", true, "")->endpoint.family() == AF_INET);
  CHECK(TargetOf(*load::ParseUrl("https://127.0.0.1/"), "h2", false, "")->tls != nullptr);
  CHECK_FALSE(TargetOf(*load::ParseUrl("https://127.0.0.1/"), "h2", true, "/no/such.pem").ok());
  CHECK(TargetOf(*load::ParseUrl("http://no-such-host.invalid/"), "h2", true, "").status().code() ==
        absl::StatusCode::kNotFound);
}

}  // namespace shadowd::lab
