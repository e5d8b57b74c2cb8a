// Samples by call, by stream, and imported history.
#include "rig.h"
#include "shadowd/sample_stream.h"
#include "shadowd/v1/telemetry.grpc.pb.h"

namespace shadowd {
namespace {

v1::Sample DemandAt(int64_t seconds_before_now, double rps) {
  v1::Sample sample;
  sample.mutable_demand()->mutable_time()->set_seconds(ToMicros(kRigNow) / 1'000'000 - seconds_before_now);
  sample.mutable_demand()->set_rps(rps);
  return sample;
}

}  // namespace

TEST_CASE("Reported samples arrive one event each and are answered when all are durable") {
  Rig rig;
  rig.Apply("web");
  CHECK(rig.client->ReportSamples("services/web", {DemandAt(2, 10), DemandAt(1, 11)}).value() == 2);
  const auto events = rig.loop.Events();
  REQUIRE(events.size() == 3);
  CHECK(std::get<ports::DemandSample>(events[2].payload).rps == 11);
  v1::Sample window;
  auto* production = window.mutable_production();
  production->mutable_service()->mutable_start_time()->set_seconds(ToMicros(kRigNow) / 1'000'000 - 1);
  production->mutable_service()->mutable_length()->set_seconds(1);
  production->mutable_service()->set_offered(100);
  production->mutable_service()->set_completed(99);
  production->set_serving(3);
  REQUIRE_OK(rig.client->ReportSamples("services/web", {window}));
  CHECK(std::get<ports::ProductionWindow>(rig.loop.Events().back().payload).service.offered == 100);
}

TEST_CASE("One bad sample is named and none of its batch is taken") {
  Rig rig;
  rig.Apply("web");
  const auto negative = rig.client->ReportSamples("services/web", {DemandAt(2, 10), DemandAt(1, -1)});
  CHECK(absl::IsInvalidArgument(negative.status()));
  CHECK(client::FieldOf(negative.status()).find("samples[1].demand") == 0);
  const auto future = rig.client->ReportSamples("services/web", {DemandAt(-120, 10)});
  CHECK(client::ReasonOf(future.status()) == "IN_THE_FUTURE");
  CHECK(client::FieldOf(rig.client->ReportSamples("services/web", {}).status()).find("samples") == 0);
  CHECK(client::FieldOf(rig.client->ReportSamples("web", {DemandAt(1, 1)}).status()) == "parent");
  CHECK(absl::IsNotFound(rig.client->ReportSamples("services/db", {DemandAt(1, 1)}).status()));
  const std::vector<v1::Sample> many(1001, DemandAt(1, 1));
  CHECK(absl::IsInvalidArgument(rig.client->ReportSamples("services/web", many).status()));
  CHECK(rig.loop.Events().size() == 2);  // the apply and the sample for nobody
}

TEST_CASE("A stream acknowledges what is durable and counts what it refused") {
  Rig rig;
  rig.Apply("web");
  client::SampleStream stream(*rig.client);
  for (int i = 0; i < 50; ++i) {
    REQUIRE_OK(stream.Send("services/web", {DemandAt(100 - i, i)}));
  }
  REQUIRE_OK(stream.Send("services/web", {DemandAt(1, -5)}));
  REQUIRE_OK(stream.Send("services/nobody", {DemandAt(1, 5)}));
  REQUIRE_OK(stream.Close());
  CHECK(stream.accepted() == 50);
  CHECK(stream.refused() == 2);
  CHECK(stream.refused_reason().find("sequence 52") == 0);
}

TEST_CASE("A stream goes on where it was when the server comes back") {
  Rig rig;
  rig.Apply("web");
  client::SampleStream stream(*rig.client);
  REQUIRE_OK(stream.Send("services/web", {DemandAt(9, 1)}));
  rig.server.reset();
  rig.Start();
  REQUIRE_OK(stream.Send("services/web", {DemandAt(8, 2)}));
  REQUIRE_OK(stream.Close());
  CHECK(std::get<ports::DemandSample>(rig.loop.Events().back().payload).rps == 2);
}

TEST_CASE("A stream whose sequence does not rise, or that the loop cannot take, is ended") {
  Rig rig;
  rig.Apply("web");
  v1::Telemetry::Stub stub(rig.channel);
  v1::StreamSamplesRequest request;
  request.set_parent("services/web");
  request.set_sequence(7);
  *request.add_samples() = DemandAt(1, 1);
  v1::StreamSamplesResponse response;
  grpc::ClientContext context;
  auto stream = stub.StreamSamples(&context);
  REQUIRE(stream->Write(request));
  REQUIRE(stream->Read(&response));
  CHECK(response.acknowledged_sequence() == 7);
  REQUIRE(stream->Write(request));
  CHECK_FALSE(stream->Read(&response));
  CHECK(stream->Finish().error_code() == grpc::INVALID_ARGUMENT);

  rig.loop.RefuseEvents(true);
  grpc::ClientContext second;
  auto full = stub.StreamSamples(&second);
  REQUIRE(full->Write(request));
  CHECK_FALSE(full->Read(&response));
  CHECK(full->Finish().error_code() == grpc::RESOURCE_EXHAUSTED);
}

TEST_CASE("A drain ends open streams at once, with nothing acknowledged that was not taken") {
  Rig rig;
  rig.Apply("web");
  v1::Telemetry::Stub stub(rig.channel);
  v1::StreamSamplesRequest request;
  request.set_parent("services/web");
  *request.add_samples() = DemandAt(2, 1);
  v1::StreamSamplesResponse response;
  grpc::ClientContext quiet_context;
  const auto quiet = stub.StreamSamples(&quiet_context);
  request.set_sequence(1);
  REQUIRE(quiet->Write(request));
  REQUIRE(quiet->Read(&response));
  CHECK(response.acknowledged_sequence() == 1);
  grpc::ClientContext busy_context;
  const auto busy = stub.StreamSamples(&busy_context);
  rig.loop.Hold();  // the message below stays unanswered
  REQUIRE(busy->Write(request));
  REQUIRE(Eventually([&] { return rig.server->open_streams() == 2; }));

  std::atomic<bool> drained{false};
  const auto begin = std::chrono::steady_clock::now();
  rig.server->Drain(std::chrono::seconds(20), [&] { drained = true; });
  CHECK_FALSE(quiet->Read(&response));
  CHECK(quiet->Finish().error_code() == grpc::UNAVAILABLE);
  CHECK_FALSE(busy->Read(&response));
  CHECK(busy->Finish().error_code() == grpc::UNAVAILABLE);
  rig.loop.Release();
  REQUIRE(Eventually([&] { return drained.load(); }));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(15));
  rig.server.reset();
}

TEST_CASE("History is imported in batches") {
  Rig rig;
  rig.Apply("web");
  std::vector<v1::DemandSample> demand;
  for (int i = 0; i < 45'000; ++i) {
    demand.push_back(DemandAt(100'000 - i, i % 100).demand());
  }
  v1::CapacityPoint point;
  point.mutable_time()->set_seconds(1'600'000'000);
  point.set_load_rps(20);
  point.set_p95_us(40'000);
  const auto taken = rig.client->ImportHistory("services/web", demand, {point});
  REQUIRE_OK(taken);
  CHECK(taken->demand_count() == 45'000);
  CHECK(taken->point_count() == 1);
  CHECK(rig.loop.Events().size() == 4);
  demand[3] = demand[2];
  CHECK(absl::IsInvalidArgument(rig.client->ImportHistory("services/web", demand, {}).status()));
}

}  // namespace shadowd
