#include "rpc/convert_kpi.h"

#include "rpc/convert_basic.h"

namespace shadowd::rpc {
namespace {

constexpr double kUnknown = -1;

// Absent = unknown, which the domain writes as a negative expected value.
model::Interval IntervalFromProto(bool present, const v1::Interval& in) {
  return present ? model::Interval{in.expected(), in.low(), in.high()}
                 : model::Interval{kUnknown, kUnknown, kUnknown};
}

void IntervalToProto(const model::Interval& interval, v1::Interval* (v1::KpiPrediction::*field)(),
                     v1::KpiPrediction* out) {
  if (interval.expected >= 0) {
    v1::Interval* to = (out->*field)();
    to->set_expected(interval.expected);
    to->set_low(interval.low);
    to->set_high(interval.high);
  }
}

}  // namespace

void ToProto(const model::KpiWindow& window, v1::KpiWindow* out) {
  SHADOWD_SET_TIME(out, start_time, window.start);
  ToProto(window.length, out->mutable_length());
  out->set_offered(window.offered);
  out->set_completed(window.completed);
  out->set_errors(window.errors);
  out->mutable_latency_us()->Assign(window.latency_us.begin(), window.latency_us.end());
  if (window.cpu_seconds >= 0) {
    out->set_cpu_seconds(window.cpu_seconds);
  }
  if (window.memory_bytes >= 0) {
    out->set_memory_bytes(window.memory_bytes);
  }
  out->set_run_delay_seconds(window.run_delay_seconds);
  out->set_throttled_periods(window.throttled_periods);
  out->set_send_lag_p99_us(window.send_lag_p99_us);
  out->set_mirrored(window.mirrored);
  out->set_synthetic(window.synthetic);
}

StatusOr<model::KpiWindow> FromProto(const v1::KpiWindow& in) {
  model::KpiWindow window;
  SHADOWD_READ_OPTIONAL(in, start_time, window.start);
  SHADOWD_READ_OPTIONAL(in, length, window.length);
  window.offered = in.offered();
  window.completed = in.completed();
  window.errors = in.errors();
  window.latency_us.assign(in.latency_us().begin(), in.latency_us().end());
  window.cpu_seconds = in.has_cpu_seconds() ? in.cpu_seconds() : kUnknown;
  window.memory_bytes = in.has_memory_bytes() ? in.memory_bytes() : kUnknown;
  window.run_delay_seconds = in.run_delay_seconds();
  window.throttled_periods = in.throttled_periods();
  window.send_lag_p99_us = in.send_lag_p99_us();
  window.mirrored = in.mirrored();
  window.synthetic = in.synthetic();
  return window;
}

void ToProto(const model::KpiPrediction& prediction, v1::KpiPrediction* out) {
  out->set_load_rps(prediction.load_rps);
  IntervalToProto(prediction.p50_us, &v1::KpiPrediction::mutable_p50_us, out);
  IntervalToProto(prediction.p95_us, &v1::KpiPrediction::mutable_p95_us, out);
  IntervalToProto(prediction.p99_us, &v1::KpiPrediction::mutable_p99_us, out);
  IntervalToProto(prediction.throughput_ratio, &v1::KpiPrediction::mutable_throughput_ratio, out);
  IntervalToProto(prediction.error_rate, &v1::KpiPrediction::mutable_error_rate, out);
  IntervalToProto(prediction.cpu_us_per_request, &v1::KpiPrediction::mutable_cpu_us_per_request, out);
  IntervalToProto(prediction.memory_bytes, &v1::KpiPrediction::mutable_memory_bytes, out);
  out->set_extrapolated(prediction.extrapolated);
  out->set_known(prediction.known);
}

model::KpiPrediction FromProto(const v1::KpiPrediction& in) {
  model::KpiPrediction prediction;
  prediction.load_rps = in.load_rps();
  prediction.p50_us = IntervalFromProto(in.has_p50_us(), in.p50_us());
  prediction.p95_us = IntervalFromProto(in.has_p95_us(), in.p95_us());
  prediction.p99_us = IntervalFromProto(in.has_p99_us(), in.p99_us());
  prediction.throughput_ratio = IntervalFromProto(in.has_throughput_ratio(), in.throughput_ratio());
  prediction.error_rate = IntervalFromProto(in.has_error_rate(), in.error_rate());
  prediction.cpu_us_per_request = IntervalFromProto(in.has_cpu_us_per_request(), in.cpu_us_per_request());
  prediction.memory_bytes = IntervalFromProto(in.has_memory_bytes(), in.memory_bytes());
  prediction.extrapolated = in.extrapolated();
  prediction.known = in.known();
  return prediction;
}

void ToProto(const model::CapacityPoint& point, v1::CapacityPoint* out) {
  SHADOWD_SET_TIME(out, time, point.at);
  out->set_version(point.version);
  out->set_source(EnumToProto<v1::CapacityPoint::Source>(point.source));
  out->set_instances(point.instances);
  out->set_load_rps(point.load_rps);
  out->set_requests(point.requests);
  if (point.p50_us >= 0) {
    out->set_p50_us(point.p50_us);
  }
  if (point.p95_us >= 0) {
    out->set_p95_us(point.p95_us);
  }
  if (point.p99_us >= 0) {
    out->set_p99_us(point.p99_us);
  }
  out->set_throughput_ratio(point.throughput_ratio);
  out->set_error_rate(point.error_rate);
  if (point.cpu_cores >= 0) {
    out->set_cpu_cores(point.cpu_cores);
  }
  if (point.memory_bytes >= 0) {
    out->set_memory_bytes(point.memory_bytes);
  }
}

StatusOr<model::CapacityPoint> FromProto(const v1::CapacityPoint& in) {
  model::CapacityPoint point;
  SHADOWD_READ_OPTIONAL(in, time, point.at);
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.source(), "source", point.source));
  point.version = in.version();
  point.instances = in.instances();
  point.load_rps = in.load_rps();
  point.requests = in.requests();
  point.p50_us = in.has_p50_us() ? in.p50_us() : kUnknown;
  point.p95_us = in.has_p95_us() ? in.p95_us() : kUnknown;
  point.p99_us = in.has_p99_us() ? in.p99_us() : kUnknown;
  point.throughput_ratio = in.has_throughput_ratio() ? in.throughput_ratio() : 1;
  point.error_rate = in.error_rate();
  point.cpu_cores = in.has_cpu_cores() ? in.cpu_cores() : kUnknown;
  point.memory_bytes = in.has_memory_bytes() ? in.memory_bytes() : kUnknown;
  return point;
}

}  // namespace shadowd::rpc
