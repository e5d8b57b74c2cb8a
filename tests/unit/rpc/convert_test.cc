#include <string>

#include "random_model.h"
#include "require_ok.h"
#include "rpc/convert_basic.h"
#include "rpc/convert_decision.h"
#include "rpc/convert_forecast.h"
#include "rpc/convert_intent.h"
#include "rpc/convert_kpi.h"
#include "rpc/convert_ledger.h"
#include "rpc/convert_model.h"
#include "rpc/convert_replica.h"
#include "rpc/convert_service.h"
#include "rpc/convert_trial.h"

namespace shadowd::rpc {
namespace {

constexpr int kRounds = 300;

// Through the bytes, as the store does it.
template <typename Model>
void RoundTrip(Model (*make)(Rng&)) {
  for (uint64_t seed = 0; seed < kRounds; ++seed) {
    Rng rng(seed);
    const Model value = make(rng);
    const auto written = ToProto(value);
    auto read = written;
    read.Clear();
    INFO("seed " << seed);
    REQUIRE(read.ParseFromString(written.SerializeAsString()));
    const StatusOr<Model> back = FromProto(read);
    REQUIRE_OK(back);
    REQUIRE(*back == value);
  }
}

TEST_CASE("A service survives its bytes") {
  RoundTrip(RandomService);
}
TEST_CASE("An instance survives its bytes") {
  RoundTrip(RandomInstance);
}
TEST_CASE("A shadow survives its bytes") {
  RoundTrip(RandomShadow);
}
TEST_CASE("A trial survives its bytes") {
  RoundTrip(RandomTrial);
}
TEST_CASE("A decision survives its bytes") {
  RoundTrip(RandomDecision);
}
TEST_CASE("A model version survives its bytes") {
  RoundTrip(RandomModelVersion);
}
TEST_CASE("A ledger entry survives its bytes") {
  RoundTrip(RandomLedgerEntry);
}
TEST_CASE("An intent survives its bytes") {
  RoundTrip(RandomIntent);
}
TEST_CASE("An audit entry survives its bytes") {
  RoundTrip(RandomAuditEntry);
}
TEST_CASE("A forecast survives its bytes") {
  RoundTrip(RandomForecast);
}

TEST_CASE("A KPI window survives its message") {
  for (uint64_t seed = 0; seed < kRounds; ++seed) {
    Rng rng(seed);
    const model::KpiWindow window = RandomWindow(rng);
    v1::KpiWindow message;
    ToProto(window, &message);
    const auto back = FromProto(message);
    REQUIRE_OK(back);
    REQUIRE(*back == window);
  }
}

TEST_CASE("Text that is not UTF-8 is stored readably instead of being lost") {
  model::Instance instance;
  instance.service = model::ServiceId("web");
  instance.id = model::ReplicaId("web-i1");
  instance.error = "exec: \xff\xc0\xaf and \xe2\x82\xac";
  v1::Instance read;
  REQUIRE(read.ParseFromString(ToProto(instance).SerializeAsString()));
  REQUIRE(read.error() == "exec: ??? and \xe2\x82\xac");
}

}  // namespace
}  // namespace shadowd::rpc
