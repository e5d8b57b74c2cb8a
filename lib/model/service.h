// A workload in shadowd's care, as its owner specified it. Defaults here are the documented defaults of the
// API; a spec is validated by config/ before it reaches the core, so the core may rely on the ranges given.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/ids.h"
#include "model/telemetry.h"

namespace shadowd::model {

enum class Mode { kObserve, kAdvise, kAct };
enum class Balancing { kRandom, kRoundRobin, kLeastConn };
// kNever: decide from the curve alone; a new version rolls untested and its measurements join the same curve.
enum class TrialPolicy { kAuto, kNever };

const char* ModeName(Mode mode);  // "OBSERVE" ...

struct Readiness {
  std::string http_path;  // "" = a TCP connect is enough
  Micros deadline = std::chrono::seconds(30);
  Micros interval = std::chrono::milliseconds(200);
  bool operator==(const Readiness&) const = default;
};

// How an instance is started. argv, environment and working_dir may contain {port}, {id}, {role} and
// {version}.
struct InstanceTemplate {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;
  std::string working_dir;  // "" = the daemon's runtime directory
  std::string address = "127.0.0.1";
  int port_first = 0;  // ports are taken from [port_first, port_last]
  int port_last = 0;
  Readiness readiness;
  Micros stop_grace = std::chrono::seconds(5);
  uint64_t output_bytes_max = 1 << 20;  // stdout and stderr, kept in a bounded file
  bool operator==(const InstanceTemplate&) const = default;
};

// The isolation of shadows. Preemptible at full size is the default: idle CPU weight, no quota.
struct ShadowClass {
  bool cpu_idle = true;
  std::vector<int> cpu_set;                        // empty = any CPU
  uint64_t memory_max_bytes = 0;                   // 0 = none
  std::map<std::string, std::string> environment;  // overrides the template's
  std::vector<std::string> extra_argv;             // appended to the template's
  bool operator==(const ShadowClass&) const = default;
};

struct ShadowSpec {
  std::vector<int> levels;    // explicit candidates; empty = around the planned one
  int levels_auto_max = 3;    // 1..9
  int shadows_per_level = 1;  // 1..8
  bool null_arm = true;
  int max_shadows = 8;  // ceiling for the service
  Micros ttl = std::chrono::minutes(10);
  Micros idle_timeout = std::chrono::seconds(60);
  Micros lease = std::chrono::seconds(15);  // a shadow ends this long after the daemon stopped renewing it
  ShadowClass shadow_class;
  bool operator==(const ShadowSpec&) const = default;
};

struct TrialSpec {
  TrialPolicy policy = TrialPolicy::kAuto;
  Micros warm_up = std::chrono::seconds(2);          // discarded at least; a change-point rule may add to it
  Micros deadline = std::chrono::seconds(60);        // of the measurement, from ready to verdict
  double alpha = 0.05;                               // error bound of the whole trial
  double tolerance = 0.20;                           // first delta threshold; tunes itself
  double void_share_max = 0.30;                      // more void windows than this: the arm is UNKNOWN
  Micros measured_fresh = std::chrono::minutes(30);  // a level measured this recently is not measured again
  double tolerance_min = 0.05;                       // what self-tuning stays within
  double tolerance_max = 0.50;
  double daily_budget = 0;  // of shadows in 24 hours, in the currency; 0 = no limit
  bool operator==(const TrialSpec&) const = default;
};

struct Slo {
  double latency_quantile = 0.95;  // 0.5, 0.95 or 0.99
  Micros latency_limit = std::chrono::milliseconds(100);
  double error_rate_max = 0.01;
  bool operator==(const Slo&) const = default;
};

struct Bounds {
  int min = 1;
  int max = 1;
  int step_out_max = 100;
  int step_in_max = 1;
  Micros cool_down_out = std::chrono::seconds(30);
  Micros cool_down_in = std::chrono::minutes(5);
  bool operator==(const Bounds&) const = default;
};

struct ForecastSpec {
  Micros resolution = std::chrono::seconds(15);
  std::vector<int> seasons;  // in steps; empty = found in the history
  int horizon_steps = 60;
  double coverage = 0.95;                  // of the two-sided limits
  Micros hold = std::chrono::minutes(10);  // how long a scaled level is meant to last
  bool coverage_from_prices = false;       // instead of `coverage`
  bool operator==(const ForecastSpec&) const = default;
};

struct TriggerSpec {
  double proximity = 0.8;  // share of the way from expected to limit
  int proximity_m = 3;     // of the last n samples
  int proximity_n = 5;
  Micros emergency_after = std::chrono::seconds(3);
  uint64_t emergency_requests = 100;
  bool operator==(const TriggerSpec&) const = default;
};

struct HaproxySpec {
  std::string
      socket;  // runtime socket, "unix path" or "127.0.0.1:port"; "" = shadowd does not drive a balancer
  std::string backend;
  std::string syslog_listen;  // "127.0.0.1:port" (0 = chosen by the system) where HAProxy sends its HTTP log;
                              // "" = none
  bool check = true;          // enable health checks of dynamic servers
  bool operator==(const HaproxySpec&) const = default;
};

struct MirrorSpec {
  std::string interface;  // "" = no tap
  int port = 0;           // the service's port as seen on that interface
  double percent = 50;    // 0..100 of requests, by hash; the share never exceeds the smallest arm's load
  std::vector<std::string> methods = {"GET", "HEAD"};
  std::string marker_header = "X-Shadowd-Mirror";
  bool operator==(const MirrorSpec&) const = default;
};

struct LoadSpec {
  bool enabled = true;
  double max_rps_per_shadow = 10'000;
  std::vector<std::string> paths = {"/"};  // used until requests were mirrored
  bool operator==(const LoadSpec&) const = default;
};

struct Prices {
  std::string currency = "USD";
  double instance_hour = 0.10;
  double shadow_hour = 0.03;           // preemptible, lowest bid
  double violation_per_minute = 1.00;  // what a minute over the SLO costs
  bool operator==(const Prices&) const = default;
};

struct ServiceSpec {
  ServiceId id;
  Mode mode = Mode::kObserve;
  std::string version = "1";  // build id or image digest; a change is a trigger
  Balancing balancing = Balancing::kRandom;
  InstanceTemplate instance;
  Bounds bounds;
  Slo slo;
  ForecastSpec forecast;
  TriggerSpec triggers;
  ShadowSpec shadows;
  TrialSpec trial;
  HaproxySpec haproxy;
  MirrorSpec mirror;
  LoadSpec load;
  Prices prices;
  Micros lead_time_prior = std::chrono::seconds(30);  // until starts were measured
  TelemetrySpec telemetry;

  // Production is watched by shadowd itself.
  bool Observed() const { return !haproxy.socket.empty() || telemetry.any(); }

  bool operator==(const ServiceSpec&) const = default;
};

struct Service {
  ServiceSpec spec;
  WallTime create_time;
  WallTime update_time;
  std::string etag;  // changes with every update
  int target = 0;    // replicas wanted in production; 0 = not yet decided
  // What production runs (or is being rolled to): the spec's version and template once a decision let them
  // through.
  std::string rollout_version;
  InstanceTemplate rollout_instance;
  bool deleting = false;  // production and shadows are being taken down
  bool operator==(const Service&) const = default;
};

}  // namespace shadowd::model
