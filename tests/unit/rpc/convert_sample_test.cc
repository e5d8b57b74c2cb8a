#include "rpc/convert_sample.h"

#include <cmath>

#include "require_ok.h"

namespace shadowd::rpc {
namespace {

using namespace std::chrono_literals;

Production GoodProduction() {
  Production production;
  production.service.start = WallFromMicros(1'000'000);
  production.service.length = 1s;
  production.service.offered = 100;
  production.service.completed = 3;
  production.service.latency_us = {10, 20, 30};
  production.instances.emplace_back(model::ReplicaId("web-i1"), production.service);
  production.serving = 1;
  return production;
}

v1::Sample Message(const Sample& sample) {
  v1::Sample message;
  ToProto(sample, &message);
  return message;
}

TEST_CASE("Both kinds of sample survive their messages") {
  const Sample demand = Demand{WallFromMicros(5), 12.5};
  const auto demand_back = FromProto(Message(demand));
  REQUIRE_OK(demand_back);
  REQUIRE(*demand_back == demand);
  const Sample production = GoodProduction();
  const auto production_back = FromProto(Message(production));
  REQUIRE_OK(production_back);
  REQUIRE(*production_back == production);
}

TEST_CASE("A sample that could harm a series is refused by field") {
  v1::Sample message = Message(GoodProduction());
  auto* window = message.mutable_production()->mutable_instances(0)->mutable_window();
  std::string field;
  SECTION("a window without length") {
    window->clear_length();
    field = "production.instances[0].window.length";
  }
  SECTION("more latencies than answers") {
    window->set_completed(2);
    field = "production.instances[0].window.latency_us";
  }
  SECTION("negative CPU") {
    window->set_cpu_seconds(-2);
    field = "production.instances[0].window.cpu_seconds";
  }
  SECTION("memory that is not a number") {
    window->set_memory_bytes(std::nan(""));
    field = "production.instances[0].window.memory_bytes";
  }
  SECTION("an instance id that is a path") {
    message.mutable_production()->mutable_instances(0)->set_instance_id("../etc");
    field = "production.instances[0].instance_id";
  }
  SECTION("negative demand") {
    message = Message(Demand{WallFromMicros(1), -1});
    field = "demand.rps";
  }
  SECTION("infinite demand") {
    message = Message(Demand{WallFromMicros(1), HUGE_VAL});
    field = "demand.rps";
  }
  SECTION("nothing at all") {
    message.Clear();
    field = "demand";
  }
  const Status status = FromProto(message).status();
  REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
  REQUIRE(FieldOf(status) == field);
}

TEST_CASE("A batch is taken whole and in order, or not at all") {
  google::protobuf::RepeatedPtrField<v1::Sample> batch;
  REQUIRE(FieldOf(FromProto(batch).status()) == "samples");
  *batch.Add() = Message(Demand{WallFromMicros(20), 1});
  *batch.Add() = Message(Demand{WallFromMicros(10), 1});
  REQUIRE(FieldOf(FromProto(batch).status()) == "samples[1]");
  batch.SwapElements(0, 1);
  REQUIRE(FromProto(batch)->size() == 2);
  while (batch.size() <= kMaxSamplesPerCall) {
    *batch.Add() = Message(Demand{WallFromMicros(20), 1});
  }
  REQUIRE(FieldOf(FromProto(batch).status()) == "samples");
}

TEST_CASE("An imported history ascends strictly and its points are plausible") {
  v1::ImportHistoryRequest request;
  for (int i = 0; i < 3; ++i) {
    request.add_demand()->mutable_time()->set_seconds(i);
    request.mutable_demand(i)->set_rps(i);
  }
  auto* point = request.add_points();
  point->mutable_time()->set_seconds(1);
  point->set_load_rps(50);
  point->set_p95_us(20'000);
  const auto history = FromProto(request);
  REQUIRE_OK(history);
  REQUIRE(history->demand_rps.size() == 3);
  REQUIRE(history->points[0].p95_us == 20'000);
  REQUIRE(history->points[0].p50_us < 0);
  point->set_error_rate(1.5);
  REQUIRE(FieldOf(FromProto(request).status()) == "points[0].error_rate");
  point->set_error_rate(0);
  point->set_p99_us(-1);
  REQUIRE(FieldOf(FromProto(request).status()) == "points[0].p99_us");
  request.mutable_demand(2)->mutable_time()->set_seconds(1);
  REQUIRE(FieldOf(FromProto(request).status()) == "demand[2].time");
}

}  // namespace
}  // namespace shadowd::rpc
