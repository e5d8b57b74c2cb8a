#include "daemon/rpc/request_cache.h"

#include "require_ok.h"

namespace shadowd::daemon {
namespace {

RequestCache::Waiter Into(std::vector<std::string>& answers) {
  return [&answers](const StatusOr<std::string>& answer) {
    answers.push_back(answer.ok() ? *answer : MessageOf(answer.status()));
  };
}

}  // namespace

TEST_CASE("A repeat gets the first answer, whether it comes during the first call or after it") {
  RequestCache cache(10);
  std::vector<std::string> answers;
  REQUIRE(cache.Begin("k", "body", Into(answers)).value() == RequestCache::Outcome::kFirst);
  REQUIRE(cache.Begin("k", "body", Into(answers)).value() == RequestCache::Outcome::kRepeated);
  CHECK(answers.empty());
  cache.Complete("k", std::string("done"));
  REQUIRE(cache.Begin("k", "body", Into(answers)).value() == RequestCache::Outcome::kRepeated);
  CHECK(answers == std::vector<std::string>{"done", "done"});
}

TEST_CASE("The same id with another body is refused") {
  RequestCache cache(10);
  std::vector<std::string> answers;
  REQUIRE_OK(cache.Begin("k", "body", Into(answers)));
  const auto other = cache.Begin("k", "another", Into(answers));
  CHECK(absl::IsInvalidArgument(other.status()));
  CHECK(ReasonOf(other.status()) == "REQUEST_ID_REUSED");
}

TEST_CASE("A failure is passed on to those who wait and is then forgotten") {
  RequestCache cache(10);
  std::vector<std::string> answers;
  REQUIRE_OK(cache.Begin("k", "body", Into(answers)));
  REQUIRE_OK(cache.Begin("k", "body", Into(answers)));
  cache.Complete("k", Unavailable("later"));
  CHECK(answers == std::vector<std::string>{"later"});
  CHECK(cache.Begin("k", "body", Into(answers)).value() == RequestCache::Outcome::kFirst);
}

TEST_CASE("The oldest answers give way, and repeats that wait are bounded") {
  RequestCache cache(2);
  std::vector<std::string> answers;
  for (const char* key : {"a", "b", "c"}) {
    REQUIRE_OK(cache.Begin(key, "body", Into(answers)));
    cache.Complete(key, std::string(key));
  }
  CHECK(cache.Begin("a", "body", Into(answers)).value() == RequestCache::Outcome::kFirst);
  CHECK(cache.Begin("c", "body", Into(answers)).value() == RequestCache::Outcome::kRepeated);
  Status refused;
  for (int i = 0; i < 100 && refused.ok(); ++i) {
    refused = cache.Begin("a", "body", Into(answers)).status();
  }
  CHECK(absl::IsResourceExhausted(refused));
}

}  // namespace shadowd::daemon
