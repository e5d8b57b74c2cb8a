#include "rpc/convert_sample.h"

#include <cmath>

#include "rpc/convert_basic.h"
#include "rpc/convert_kpi.h"
#include "rpc/resource_name.h"

namespace shadowd::rpc {
namespace {

constexpr Micros kWindowMax = std::chrono::hours(1);
constexpr double kRpsMax = 1e9;
constexpr int kInstancesMax = 10'000;

Status Bad(std::string_view field, std::string_view rule) {
  return WithField(WithReason(InvalidArgument("{}: {}", field, rule), "OUT_OF_RANGE"), field);
}

Status CheckRange(std::string_view field, double value, double low, double high) {
  if (!(value >= low && value <= high)) {  // also refuses what is not a number
    return WithField(
        WithReason(InvalidArgument("{}: {} is not in {}..{}", field, value, low, high), "OUT_OF_RANGE"),
        field);
  }
  return absl::OkStatus();
}

// < 0 stands for unknown, which only an absent field can say.
Status CheckKnown(std::string_view field, bool present, double value) {
  return present ? CheckRange(field, value, 0, 1e18) : absl::OkStatus();
}

StatusOr<Demand> DemandFromProto(const v1::DemandSample& in) {
  if (!in.has_time() || !in.has_rps()) {
    return Bad(in.has_time() ? "rps" : "time", "is required");
  }
  Demand demand;
  SHADOWD_READ_OPTIONAL(in, time, demand.at);
  SHADOWD_RETURN_IF_ERROR(CheckRange("rps", in.rps(), 0, kRpsMax));
  demand.rps = in.rps();
  return demand;
}

StatusOr<model::KpiWindow> WindowFromProto(const v1::KpiWindow& in) {
  if (!in.has_start_time()) {
    return Bad("start_time", "is required");
  }
  SHADOWD_RETURN_IF_ERROR(CheckKnown("cpu_seconds", in.has_cpu_seconds(), in.cpu_seconds()));
  SHADOWD_RETURN_IF_ERROR(CheckKnown("memory_bytes", in.has_memory_bytes(), in.memory_bytes()));
  SHADOWD_ASSIGN_OR_RETURN(auto window, FromProto(in));
  SHADOWD_RETURN_IF_ERROR(CheckWindow(window));
  return window;
}

StatusOr<Production> ProductionFromProto(const v1::ProductionWindow& in) {
  Production production;
  auto service = WindowFromProto(in.service());
  if (!service.ok()) {
    return InsideField(service.status(), "service");
  }
  production.service = *std::move(service);
  if (in.instances_size() > kInstancesMax || in.serving() < 0 || in.serving() > kInstancesMax) {
    return Bad(in.instances_size() > kInstancesMax ? "instances" : "serving", "0..10000");
  }
  production.serving = in.serving();
  for (int i = 0; i < in.instances_size(); ++i) {
    const std::string path = fmt::format("instances[{}]", i);
    if (const Status id = CheckChildId(in.instances(i).instance_id()); !id.ok()) {
      return InsideField(InsideField(id, "instance_id"), path);
    }
    auto window = WindowFromProto(in.instances(i).window());
    if (!window.ok()) {
      return InsideField(InsideField(window.status(), "window"), path);
    }
    production.instances.emplace_back(in.instances(i).instance_id(), *std::move(window));
  }
  return production;
}

WallTime TimeOf(const Sample& sample) {
  const auto* demand = std::get_if<Demand>(&sample);
  return demand != nullptr ? demand->at : std::get<Production>(sample).service.start;
}

StatusOr<model::CapacityPoint> PointFromProto(const v1::CapacityPoint& in) {
  if (!in.has_time()) {
    return Bad("time", "is required");
  }
  SHADOWD_RETURN_IF_ERROR(CheckKnown("p50_us", in.has_p50_us(), in.p50_us()));
  SHADOWD_RETURN_IF_ERROR(CheckKnown("p95_us", in.has_p95_us(), in.p95_us()));
  SHADOWD_RETURN_IF_ERROR(CheckKnown("p99_us", in.has_p99_us(), in.p99_us()));
  SHADOWD_RETURN_IF_ERROR(CheckKnown("cpu_cores", in.has_cpu_cores(), in.cpu_cores()));
  SHADOWD_RETURN_IF_ERROR(CheckKnown("memory_bytes", in.has_memory_bytes(), in.memory_bytes()));
  SHADOWD_ASSIGN_OR_RETURN(auto point, FromProto(in));
  SHADOWD_RETURN_IF_ERROR(CheckPoint(point));
  return point;
}

}  // namespace

Status CheckWindow(const model::KpiWindow& window) {
  if (window.length <= Micros(0) || window.length > kWindowMax) {
    return Bad("length", "more than 0 s and at most 1 h");
  }
  if (window.latency_us.size() > model::kMaxLatencySamples) {
    return Bad("latency_us", fmt::format("at most {} values", model::kMaxLatencySamples));
  }
  if (window.latency_us.size() > window.completed) {
    return Bad("latency_us", "more values than completed requests");
  }
  SHADOWD_RETURN_IF_ERROR(CheckRange("offered", static_cast<double>(window.offered), 0, 1e12));
  SHADOWD_RETURN_IF_ERROR(CheckRange("completed", static_cast<double>(window.completed), 0, 1e12));
  SHADOWD_RETURN_IF_ERROR(CheckRange("errors", static_cast<double>(window.errors), 0, 1e12));
  SHADOWD_RETURN_IF_ERROR(CheckRange("run_delay_seconds", window.run_delay_seconds, 0, 1e9));
  return CheckRange("send_lag_p99_us", window.send_lag_p99_us, 0, 1e12);
}

Status CheckPoint(const model::CapacityPoint& point) {
  if (!(point.load_rps > 0 && point.load_rps <= kRpsMax)) {
    return Bad("load_rps", "more than 0 and at most 1e9");
  }
  SHADOWD_RETURN_IF_ERROR(CheckRange("instances", point.instances, 0, kInstancesMax));
  SHADOWD_RETURN_IF_ERROR(CheckRange("requests", point.requests, 0, 1e15));
  SHADOWD_RETURN_IF_ERROR(CheckRange("throughput_ratio", point.throughput_ratio, 0, 1));
  return CheckRange("error_rate", point.error_rate, 0, 1);
}

void ToProto(const Sample& sample, v1::Sample* out) {
  if (const auto* demand = std::get_if<Demand>(&sample); demand != nullptr) {
    ToProto(demand->at, out->mutable_demand()->mutable_time());
    out->mutable_demand()->set_rps(demand->rps);
    return;
  }
  const auto& production = std::get<Production>(sample);
  auto* window = out->mutable_production();
  ToProto(production.service, window->mutable_service());
  window->set_serving(production.serving);
  window->clear_instances();
  for (const auto& [id, kpi] : production.instances) {
    auto* instance = window->add_instances();
    instance->set_instance_id(id.str());
    ToProto(kpi, instance->mutable_window());
  }
}

StatusOr<Sample> FromProto(const v1::Sample& in) {
  if (in.has_demand()) {
    auto demand = DemandFromProto(in.demand());
    return demand.ok() ? StatusOr<Sample>(*demand) : InsideField(demand.status(), "demand");
  }
  if (in.has_production()) {
    auto production = ProductionFromProto(in.production());
    return production.ok() ? StatusOr<Sample>(*std::move(production))
                           : InsideField(production.status(), "production");
  }
  return Bad("demand", "either demand or production is required");
}

StatusOr<std::vector<Sample>> FromProto(const google::protobuf::RepeatedPtrField<v1::Sample>& in) {
  if (in.empty() || in.size() > kMaxSamplesPerCall) {
    return Bad("samples", fmt::format("1..{} samples a call, not {}", kMaxSamplesPerCall, in.size()));
  }
  std::vector<Sample> samples;
  samples.reserve(static_cast<size_t>(in.size()));
  for (int i = 0; i < in.size(); ++i) {
    auto sample = FromProto(in.Get(i));
    if (!sample.ok()) {
      return InsideField(sample.status(), fmt::format("samples[{}]", i));
    }
    if (!samples.empty() && TimeOf(*sample) < TimeOf(samples.back())) {
      return Bad(fmt::format("samples[{}]", i), "earlier than the sample before it");
    }
    samples.push_back(*std::move(sample));
  }
  return samples;
}

StatusOr<History> FromProto(const v1::ImportHistoryRequest& in) {
  if (in.demand_size() > kMaxImportDemand || in.points_size() > kMaxImportPoints) {
    return Bad(
        in.demand_size() > kMaxImportDemand ? "demand" : "points",
        fmt::format("at most {} demand samples and {} points a call", kMaxImportDemand, kMaxImportPoints));
  }
  History history;
  history.demand_rps.reserve(static_cast<size_t>(in.demand_size()));
  for (int i = 0; i < in.demand_size(); ++i) {
    auto demand = DemandFromProto(in.demand(i));
    if (!demand.ok()) {
      return InsideField(demand.status(), fmt::format("demand[{}]", i));
    }
    if (!history.demand_rps.empty() && demand->at <= history.demand_rps.back().first) {
      return Bad(fmt::format("demand[{}].time", i), "not later than the sample before it");
    }
    history.demand_rps.emplace_back(demand->at, demand->rps);
  }
  for (int i = 0; i < in.points_size(); ++i) {
    auto point = PointFromProto(in.points(i));
    if (!point.ok()) {
      return InsideField(point.status(), fmt::format("points[{}]", i));
    }
    history.points.push_back(*std::move(point));
  }
  return history;
}

}  // namespace shadowd::rpc
