// One resource of each kind with every field away from its default, for round trips.
#pragma once

#include <fmt/format.h>

#include <limits>
#include <string>
#include <vector>

#include "ports/outcome.h"

namespace shadowd::store {

// Where a listing of the audit begins.
inline constexpr int64_t kNewest = std::numeric_limits<int64_t>::max();

inline std::vector<model::AuditEntry> Entries(const std::vector<model::AuditRow>& rows) {
  std::vector<model::AuditEntry> entries;
  for (const model::AuditRow& row : rows) {
    entries.push_back(row.entry);
  }
  return entries;
}

inline WallTime At(int64_t seconds) {
  return WallFromMicros((1'700'000'000 + seconds) * 1'000'000 + 123'456);
}

inline model::Service SampleService(const std::string& id) {
  model::Service service;
  service.spec.id = model::ServiceId(id);
  service.spec.mode = model::Mode::kAct;
  service.spec.version = "v7";
  service.spec.balancing = model::Balancing::kRoundRobin;
  service.spec.instance.argv = {"/bin/web", "--port={port}", "--name=\xc3\xa9"};
  service.spec.instance.environment = {{"A", "1"}, {"B", ""}};
  service.spec.instance.port_first = 18000;
  service.spec.instance.port_last = 18099;
  service.spec.instance.readiness.http_path = "/healthz";
  service.spec.bounds = {.min = 2, .max = 8};
  service.spec.forecast.resolution = std::chrono::seconds(1);
  service.spec.forecast.seasons = {180, 360};
  service.spec.shadows.levels = {3, 4, 5};
  service.spec.shadows.shadow_class.cpu_set = {0, 1};
  service.spec.prices.currency = "EUR";
  service.create_time = At(1);
  service.update_time = At(2);
  service.etag = "e2";
  service.target = 4;
  service.rollout_version = "v6";
  service.rollout_instance.argv = {"/bin/old"};
  service.deleting = true;
  return service;
}

inline model::Instance SampleInstance(const std::string& service, int number) {
  return {.id = model::ReplicaId(fmt::format("{}-i{}", service, number)),
          .service = model::ServiceId(service),
          .version = "v6",
          .state = model::ReplicaState::kServing,
          .process = {.pid = 4242, .start_ticks = 987654321, .boot_id = "b00t"},
          .address = "127.0.0.1:18001",
          .create_time = At(10 + number),
          .ready_time = At(12 + number),
          .error = "none yet"};
}

inline model::Shadow SampleShadow(const std::string& service, int number) {
  return {.id = model::ReplicaId(fmt::format("{}-t1-a0-s{}", service, number)),
          .service = model::ServiceId(service),
          .trial = model::TrialId(service + "-t1"),
          .arm = 2,
          .version = "v7",
          .state = model::ReplicaState::kReady,
          .process = {.pid = 77, .start_ticks = 5, .boot_id = "b00t"},
          .address = "127.0.0.1:18002",
          .create_time = At(20 + number),
          .ready_time = At(21 + number),
          .end_time = At(22 + number),
          .expire_time = At(600 + number),
          .error = "died of \"quotes\""};
}

inline model::Trigger SampleTrigger() {
  return {.kind = model::TriggerKind::kProposal,
          .at = At(30),
          .current = 3,
          .planned = 4,
          .present_rps = 210.5,
          .planned_rps = 430.25,
          .version = "v7",
          .evidence = "the upper limit crosses 3 replicas in 40 s",
          .request_id = "5f1c"};
}

inline model::Arm SampleArm() {
  model::Arm arm;
  arm.level = 4;
  arm.role = model::ArmRole::kNull;
  arm.load_rps = 107.5;
  arm.predicted.load_rps = 107.5;
  arm.predicted.p95_us = {40'000, 30'000, 55'000};
  arm.predicted.known = true;
  arm.shadows = {model::ReplicaId("web-t1-a0-s0")};
  arm.verdict = {
      .model = model::ModelAxis::kOff,
      .slo = model::SloAxis::kFails,
      .cause = model::Cause::kInsufficient,
      .reason = "p95 over the limit",
      .kpis = {{.kind = model::KpiKind::kLatencyP99, .predicted = 1, .measured = 2, .low = 1.5, .high = 2.5}},
      .requests = 900,
      .windows = 9,
      .windows_void = 1};
  arm.cached = true;
  return arm;
}

inline model::Trial SampleTrial(const std::string& service, int number) {
  model::Trial trial;
  trial.id = model::TrialId(fmt::format("{}-t{}", service, number));
  trial.service = model::ServiceId(service);
  trial.trigger = SampleTrigger();
  trial.state = model::TrialState::kMeasuring;
  trial.arms = {SampleArm(), SampleArm()};
  trial.create_time = At(30 + number);
  trial.measure_time = At(40 + number);
  trial.round = 2;
  trial.note = "on its way";
  trial.mirrored_requests = 800;
  trial.synthetic_requests = 100;
  trial.shadow_seconds = 36.5;
  trial.cost = 0.0003;
  return trial;
}

inline model::Decision SampleDecision(const std::string& service, int number) {
  model::Decision decision;
  decision.id = model::DecisionId(fmt::format("{}-d{}", service, number));
  decision.service = model::ServiceId(service);
  decision.trial = model::TrialId(service + "-t1");
  decision.trigger = SampleTrigger();
  decision.kind = model::DecisionKind::kAdjusted;
  decision.state = model::DecisionState::kApplying;
  decision.from = 3;
  decision.planned = 4;
  decision.to = 5;
  decision.version = "v7";
  decision.cause = model::Cause::kModelInaccurate;
  decision.reason = "four are too few";
  decision.arms = {SampleArm()};
  decision.create_time = At(50 + number);
  decision.decide_time = At(60 + number);
  decision.lead_seconds = 27.5;
  decision.trial_cost = 0.0003;
  decision.worth = 1.25;
  return decision;
}

inline model::ModelVersion SampleModel(const std::string& service, int number) {
  model::ModelVersion version;
  version.service = model::ServiceId(service);
  version.number = number;
  version.create_time = At(70 + number);
  version.cause = model::RetrainCause::kTrial;
  version.trial = model::TrialId(service + "-t1");
  version.learnt.points = {
      {.at = At(69), .version = "v6", .load_rps = 100, .requests = 900, .p95_us = 41'000}};
  version.learnt.start_seconds = {1.5, 2.5};
  version.learnt.trial_seconds = {28};
  version.learnt.trackers["latency_p95_us"].errors = {0.1, 0.4};
  version.learnt.tolerances = {{"latency_p95_us", 0.25}};
  version.error_before = 0.4;
  version.error_after = 0.05;
  version.summary = "max load 142 req/s";
  return version;
}

inline model::LedgerEntry SampleLedgerEntry(const std::string& service, int number) {
  return {.service = model::ServiceId(service),
          .decision = model::DecisionId(fmt::format("{}-d{}", service, number)),
          .trial = model::TrialId(service + "-t1"),
          .at = At(80 + number),
          .currency = "EUR",
          .shadow_seconds = 36.5,
          .shadow_cost = 0.0003,
          .instance_seconds_changed = -600,
          .instance_cost_changed = -0.0167,
          .violation_cost_avoided = 1.3,
          .worth = 1.25,
          .note = "paid for itself",
          .violation_minutes_avoided = 1.3,
          .counterfactual = "without the trial 3 replicas would have served"};
}

inline model::Intent SampleIntent(const std::string& service, int number) {
  return {.key = model::IntentKey(fmt::format("{}-k{}", service, number)),
          .service = model::ServiceId(service),
          .kind = model::IntentKind::kDrainServer,
          .replica = model::ReplicaId(service + "-i1"),
          .state = model::IntentState::kPending,
          .create_time = At(90 + number),
          .end_time = WallTime(),
          .error = "slow"};
}

inline model::AuditEntry SampleAudit(int number) {
  return {.at = At(number),
          .actor = "uid=0 gid=0 pid=42",
          .method = "Services.Apply",
          .resource = "services/web",
          .detail = fmt::format("entry {}", number)};
}

inline ports::Mutation Of(const std::string& service, ports::Change change) {
  return {model::ServiceId(service), std::move(change)};
}

}  // namespace shadowd::store
