#include "store/body.h"

#include "require_ok.h"
#include "unit/store/samples.h"

namespace shadowd::store {
namespace {

template <typename T>
void CheckRoundTrip(const T& resource) {
  const StatusOr<std::string> body = Encode(resource);
  REQUIRE_OK(body);
  const StatusOr<T> back = Decode<T>(*body);
  REQUIRE_OK(back);
  CHECK(*back == resource);
}

TEST_CASE("every resource comes back from its bytes as it was") {
  CheckRoundTrip(SampleService("web"));
  CheckRoundTrip(SampleInstance("web", 1));
  CheckRoundTrip(SampleShadow("web", 1));
  CheckRoundTrip(SampleTrial("web", 1));
  CheckRoundTrip(SampleDecision("web", 1));
  CheckRoundTrip(SampleModel("web", 1));
  CheckRoundTrip(SampleLedgerEntry("web", 1));
  CheckRoundTrip(SampleIntent("web", 1));
}

TEST_CASE("what could not be read back is refused when it is written") {
  model::Instance instance = SampleInstance("web", 1);
  instance.id = model::ReplicaId("no such/id");
  CHECK(absl::IsInvalidArgument(Encode(instance).status()));
}

TEST_CASE("bytes that are not UTF-8, as a process may print, do not make a resource unreadable") {
  model::Instance instance = SampleInstance("web", 1);
  instance.error = "\xff\xfe at start";
  const StatusOr<std::string> body = Encode(instance);
  REQUIRE_OK(body);
  const StatusOr<model::Instance> back = Decode<model::Instance>(*body);
  REQUIRE_OK(back);
  CHECK(back->error.ends_with(" at start"));
}

TEST_CASE("bytes that are no resource are data loss") {
  CHECK(absl::IsDataLoss(Decode<model::Trial>("\xff\xff\xff").status()));
  StatusOr<std::string> body = Encode(SampleTrial("web", 1));
  REQUIRE_OK(body);
  body->resize(body->size() / 2);
  CHECK_FALSE(Decode<model::Trial>(*body).ok());
}

}  // namespace
}  // namespace shadowd::store
