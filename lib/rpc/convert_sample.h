// What production shows, as callers push it. Pure functions, any thread. FromProto checks what the comments
// of telemetry.proto promise (finite, not negative, bounded), so that a sample that passed cannot harm a
// series; an error names the path of its field.
#pragma once

#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/kpi.h"
#include "shadowd/v1/telemetry.pb.h"

namespace shadowd::rpc {

inline constexpr int kMaxSamplesPerCall = 1'000;
inline constexpr int kMaxImportDemand = 50'000;
inline constexpr int kMaxImportPoints = 10'000;

struct Demand {
  WallTime at;
  double rps = 0;
  bool operator==(const Demand&) const = default;
};
struct Production {
  model::KpiWindow service;  // offered = demand of the window
  std::vector<std::pair<model::ReplicaId, model::KpiWindow>> instances;
  int serving = 0;
  bool operator==(const Production&) const = default;
};
using Sample = std::variant<Demand, Production>;

void ToProto(const Sample& sample, v1::Sample* out);
StatusOr<Sample> FromProto(const v1::Sample& in);
// All or none: 1..kMaxSamplesPerCall in order of time.
StatusOr<std::vector<Sample>> FromProto(const google::protobuf::RepeatedPtrField<v1::Sample>& in);

struct History {
  std::vector<std::pair<WallTime, double>> demand_rps;  // strictly ascending
  std::vector<model::CapacityPoint> points;
};
StatusOr<History> FromProto(const v1::ImportHistoryRequest& in);

// Reusable checks of one window and one point from outside.
Status CheckWindow(const model::KpiWindow& window);
Status CheckPoint(const model::CapacityPoint& point);

}  // namespace shadowd::rpc
