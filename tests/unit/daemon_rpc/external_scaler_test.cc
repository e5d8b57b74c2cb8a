// KEDA's protocol over a real socket, with a client generated from it.
#include <optional>

#include "externalscaler/externalscaler.grpc.pb.h"
#include "rig.h"

namespace shadowd {
namespace {

namespace keda = externalscaler;
using namespace std::chrono_literals;
using Metadata = std::map<std::string, std::string>;

struct ScalerRig : Rig {
  ScalerRig() : stub(keda::ExternalScaler::NewStub(channel)) { Apply("web"); }

  static keda::ScaledObjectRef Ref(const Metadata& metadata) {
    keda::ScaledObjectRef ref;
    ref.set_name("web");
    ref.set_namespace_("default");
    ref.mutable_scalermetadata()->insert(metadata.begin(), metadata.end());
    return ref;
  }
  keda::MetricValue Value(const Metadata& metadata) {
    keda::GetMetricsRequest request;
    *request.mutable_scaledobjectref() = Ref(metadata);
    keda::GetMetricsResponse response;
    grpc::ClientContext context;
    last = stub->GetMetrics(&context, request, &response);
    return response.metricvalues_size() == 1 ? response.metricvalues(0) : keda::MetricValue();
  }
  std::optional<bool> Active(const Metadata& metadata) {
    keda::IsActiveResponse response;
    grpc::ClientContext context;
    last = stub->IsActive(&context, Ref(metadata), &response);
    return last.ok() ? std::optional(response.result()) : std::nullopt;
  }
  void Decide(const std::string& id, model::DecisionKind kind, model::DecisionState state, int planned,
              int to) {
    model::Decision decision;
    decision.id = model::DecisionId(id);
    decision.service = model::ServiceId("web");
    decision.kind = kind;
    decision.state = state;
    decision.planned = planned;
    decision.to = to;
    decision.create_time = decision.decide_time = now.load();
    loop.Put(decision.service, decision);
  }
  // Ten steps of a minute, from now on; demand grows by 10 each.
  void Foresee(double expected, model::ForecastState state = model::ForecastState::kReady) {
    model::Forecast forecast;
    forecast.service = model::ServiceId("web");
    forecast.made_at = now.load();
    forecast.step = 1min;
    forecast.state = state;
    for (int i = 0; i < 10; ++i) {
      const double rps = expected > 0 ? expected + 10 * i : 0;
      forecast.steps.push_back({forecast.made_at + i * 1min, rps, rps / 2, rps * 1.5});
    }
    forecast.peak = {3min, expected + 1, expected + 2, 0, 0};
    loop.Put(forecast.service, forecast);
  }
  void Restart(const std::string& answers) {
    server.reset();
    options.answers_path = answers;
    Start();
    channel = grpc::CreateChannel("unix://" + options.socket.path, grpc::InsecureChannelCredentials());
    stub = keda::ExternalScaler::NewStub(channel);
  }

  std::unique_ptr<keda::ExternalScaler::Stub> stub;
  grpc::Status last;
};

const Metadata kReplicas = {{"service", "web"}, {"scalerAddress", "shadowd:7443"}};
const Metadata kPlanned = {{"service", "web"}, {"answer", "forecast"}};
const Metadata kExpected = {{"service", "web"}, {"metric", "expected"}, {"horizon", "4m"}};
const Metadata kUpper = {{"service", "web"}, {"metric", "upper_limit"}, {"horizon", "4m"}};

}  // namespace

TEST_CASE("The metric has a bare name and a target that never changes") {
  ScalerRig rig;
  keda::GetMetricSpecResponse response;
  grpc::ClientContext context;
  REQUIRE(rig.stub->GetMetricSpec(&context, rig.Ref(kReplicas), &response).ok());
  REQUIRE(response.metricspecs_size() == 1);
  CHECK(response.metricspecs(0).metricname() == "shadowd-web-replicas");
  CHECK(response.metricspecs(0).targetsize() == 1);
  CHECK(response.metricspecs(0).targetsizefloat() == 1);
}

TEST_CASE("Confirmed replicas are of the newest decision that stands, forecast ones of the newest plan") {
  ScalerRig rig;
  CHECK_FALSE(rig.Active(kReplicas));
  CHECK(rig.last.error_code() == grpc::UNAVAILABLE);  // not zero: nothing was decided
  rig.Decide("web-d1", model::DecisionKind::kAdjusted, model::DecisionState::kAdvised, 4, 5);
  rig.Decide("web-d2", model::DecisionKind::kConfirmed, model::DecisionState::kDeclined, 6, 6);
  rig.Decide("web-d3", model::DecisionKind::kProvisional, model::DecisionState::kTesting, 7, 7);
  const auto confirmed = rig.Value(kReplicas);
  CHECK(confirmed.metricname() == "shadowd-web-replicas");
  CHECK(confirmed.metricvalue() == 5);
  CHECK(confirmed.metricvaluefloat() == 5);
  CHECK(rig.Value(kPlanned).metricvaluefloat() == 7);
  CHECK(rig.Active(kReplicas) == true);
  rig.Decide("web-d4", model::DecisionKind::kConfirmed, model::DecisionState::kAdvised, 99, 99);
  CHECK(rig.Value(kReplicas).metricvaluefloat() == 10);  // the most that the service may have
}

TEST_CASE("Demand is the largest within the horizon, and zero is zero in both fields") {
  ScalerRig rig;
  rig.Foresee(100.5);
  const auto expected = rig.Value(kExpected);
  CHECK(expected.metricvaluefloat() == 140.5);
  CHECK(expected.metricvalue() == 141);
  CHECK(rig.Value(kUpper).metricvaluefloat() == 140.5 * 1.5);
  CHECK(rig.Value({{"service", "web"}, {"metric", "upper_limit"}}).metricvaluefloat() == 102.5);
  rig.Foresee(0);
  CHECK(rig.Active(kExpected) == false);
  const auto zero = rig.Value(kExpected);
  REQUIRE(rig.last.ok());
  CHECK(zero.metricvaluefloat() == 0);
  CHECK(zero.metricvalue() == 0);
}

TEST_CASE("A source that is down leaves the last value up to max_age, then UNAVAILABLE") {
  ScalerRig rig;
  rig.Foresee(100);
  REQUIRE(rig.Value(kExpected).metricvaluefloat() == 140);
  rig.Foresee(5, model::ForecastState::kDegraded);
  rig.now = kRigNow + 10min;
  CHECK(rig.Value(kExpected).metricvaluefloat() == 140);
  rig.now = kRigNow + 10min + 1s;
  CHECK(rig.Value(kExpected).metricvaluefloat() == 0);
  CHECK(rig.last.error_code() == grpc::UNAVAILABLE);
  CHECK_FALSE(rig.Active(kExpected));
}

TEST_CASE("While demand is seen a decision stays good, without it no longer than max_age") {
  ScalerRig rig;
  rig.Decide("web-d1", model::DecisionKind::kConfirmed, model::DecisionState::kAdvised, 4, 4);
  rig.now = kRigNow + 5h;
  CHECK(rig.Value(kReplicas).metricvaluefloat() == 0);
  CHECK(rig.last.error_code() == grpc::UNAVAILABLE);
  rig.Foresee(100);
  CHECK(rig.Value(kReplicas).metricvaluefloat() == 4);
}

TEST_CASE("The last value outlives a restart") {
  ScalerRig rig;
  const std::string path = rig.directory.path() + "/answers";
  rig.Restart(path);
  rig.Foresee(100);
  REQUIRE(rig.Value(kUpper).metricvaluefloat() == 210);
  rig.server.reset();

  ScalerRig next;  // knows the service and has seen nothing of it yet
  next.Restart(path);
  CHECK(next.Value(kUpper).metricvaluefloat() == 210);
  CHECK(next.Active(kUpper) == true);
  next.now = kRigNow + 11min;
  CHECK_FALSE(next.Active(kUpper));
  CHECK(next.last.error_code() == grpc::UNAVAILABLE);
  next.now = kRigNow - 1h;  // a value from the future is of a wrong clock
  CHECK_FALSE(next.Active(kUpper));
}

TEST_CASE("A stream of activity begins with the state and tells when it changes") {
  ScalerRig rig;
  rig.Foresee(0);
  grpc::ClientContext context;
  const auto reader = rig.stub->StreamIsActive(&context, rig.Ref(kExpected));
  keda::IsActiveResponse response;
  REQUIRE(reader->Read(&response));
  CHECK_FALSE(response.result());
  rig.Foresee(0);
  rig.Foresee(50);
  REQUIRE(reader->Read(&response));
  CHECK(response.result());
  rig.server->Drain(10s, [] {});
  CHECK_FALSE(reader->Read(&response));
  CHECK(reader->Finish().error_code() == grpc::UNAVAILABLE);
}

TEST_CASE("A stream of the metric begins with what GetMetricSpec says and stays open") {
  ScalerRig rig;
  grpc::ClientContext context;
  const auto reader = rig.stub->StreamMetricSpec(&context, rig.Ref(kReplicas));
  keda::GetMetricSpecResponse response;
  REQUIRE(reader->Read(&response));
  REQUIRE(response.metricspecs_size() == 1);
  CHECK(response.metricspecs(0).metricname() == "shadowd-web-replicas");
  CHECK(rig.server->open_streams() == 1);
  context.TryCancel();
  CHECK(reader->Finish().error_code() == grpc::CANCELLED);
  CHECK(Eventually([&] { return rig.server->open_streams() == 0; }));
}

TEST_CASE("A stream of which nothing is known ends, so that KEDA comes again") {
  ScalerRig rig;
  grpc::ClientContext context;
  const auto reader = rig.stub->StreamIsActive(&context, rig.Ref(kExpected));
  keda::IsActiveResponse response;
  CHECK_FALSE(reader->Read(&response));
  CHECK(reader->Finish().error_code() == grpc::UNAVAILABLE);
}

TEST_CASE("Wrong services, metadata, metrics and horizons are refused by name") {
  ScalerRig rig;
  rig.Foresee(100);
  const auto refused = [&](grpc::StatusCode code, const std::string& word) {
    INFO(rig.last.error_message());
    CHECK(rig.last.error_code() == code);
    CHECK_THAT(rig.last.error_message(), Catch::Contains(word));
  };
  rig.Value({{"service", "nobody"}});
  refused(grpc::NOT_FOUND, "services/nobody");
  rig.Value({{"service", "web"}, {"threshold", "5"}});
  refused(grpc::INVALID_ARGUMENT, "threshold");
  rig.Value({{"service", "web"}, {"metric", "expected"}, {"horizon", "11m"}});
  refused(grpc::INVALID_ARGUMENT, "horizon");
  keda::GetMetricsRequest request;
  *request.mutable_scaledobjectref() = rig.Ref(kReplicas);
  request.set_metricname("s0-shadowd-web-replicas");
  keda::GetMetricsResponse response;
  grpc::ClientContext context;
  rig.last = rig.stub->GetMetrics(&context, request, &response);
  refused(grpc::INVALID_ARGUMENT, "metricName");
  for (const char* service : {"nobody", "N0BODY"}) {
    grpc::ClientContext another;
    keda::IsActiveResponse active;
    const auto reader = rig.stub->StreamIsActive(&another, rig.Ref({{"service", service}}));
    CHECK_FALSE(reader->Read(&active));
    const auto code = reader->Finish().error_code();
    CHECK((code == grpc::NOT_FOUND || code == grpc::INVALID_ARGUMENT));
  }
}

}  // namespace shadowd
