#include "kpi/window_meter.h"

#include <algorithm>

namespace shadowd::kpi {
namespace {

// Lines for as many servers as a window may name; more are counted for the service only.
constexpr size_t kMaxServers = 4096;
constexpr double kCompleteShare = 0.98;

template <typename Share>
void Count(const HaproxyLogEntry& entry, Share& share) {
  ++share.lines;
  share.failures += entry.failed() ? 1 : 0;
  // Who left early did not see the latency of the service.
  if (!entry.client_left() && share.latency_us.size() < model::kMaxLatencySamples) {
    share.latency_us.push_back(entry.latency_us());
  }
}

}  // namespace

void WindowMeter::Add(const HaproxyLogEntry& entry) {
  if (entry.backend != backend_ || !marks_) {
    return;
  }
  Count(entry, log_);
  auto it = server_logs_.find(entry.server);
  if (it == server_logs_.end() && server_logs_.size() < kMaxServers && !entry.server.starts_with('<')) {
    it = server_logs_.emplace(std::string(entry.server), LogShare{}).first;
  }
  if (it != server_logs_.end()) {
    Count(entry, it->second);
  }
}

void WindowMeter::Reset() {
  marks_.reset();
  log_ = {};
  server_logs_.clear();
}

// Counters that fell were reset by a reload: what they show now has come since.
WindowMeter::Difference WindowMeter::Since(const RequestCounters& before, const RequestCounters& now) {
  if (now.requests < before.requests || now.responses < before.responses) {
    return {.counters = now, .reset = true};
  }
  return {.counters = {.requests = now.requests - before.requests,
                       .responses = now.responses - before.responses,
                       .failures = now.failures - std::min(before.failures, now.failures)},
          .reset = false};
}

void WindowMeter::Fill(const Difference& since, LogShare log, model::KpiWindow& window) {
  // At a reload the log knows more than the counters: the old process goes on logging what it had accepted.
  const auto& [requests, responses, failures] = since.counters;
  window.completed = since.reset ? std::max(responses, log.lines) : responses;
  window.offered = since.reset ? std::max(requests, log.lines) : requests;
  window.errors = std::max(failures, log.failures);
  window.latency_us = std::move(log.latency_us);
}

void WindowMeter::FillUsage(const ReplicaUsage* before, const ReplicaUsage* now, model::KpiWindow& window) {
  window.cpu_seconds = -1;
  window.memory_bytes = now == nullptr ? -1 : now->memory_bytes;
  if (now == nullptr || before == nullptr) {
    return;
  }
  if (before->cpu_seconds >= 0 && now->cpu_seconds >= before->cpu_seconds) {
    window.cpu_seconds = now->cpu_seconds - before->cpu_seconds;
  }
  window.run_delay_seconds = std::max(0.0, now->run_delay_seconds - before->run_delay_seconds);
  window.throttled_periods =
      now->throttled_periods - std::min(before->throttled_periods, now->throttled_periods);
}

MeteredWindow WindowMeter::Meter(const Marks& before, const Marks& now, const BackendCounters& backend) {
  MeteredWindow metered;
  const Micros length = now.at.mono - before.at.mono;
  model::KpiWindow& service = metered.service;
  service.start = now.at.wall - length;
  service.length = length;
  const Difference since = Since(before.total, now.total);
  const uint64_t lines = log_.lines;
  // One request may end between the reading of the counters and that of the log.
  metered.complete =
      static_cast<double>(lines + 1) >= kCompleteShare * static_cast<double>(since.counters.responses);
  Fill(since, std::move(log_), service);
  bool cpu_known = true;
  bool memory_known = true;
  for (const ServerCounters& server : backend.servers) {
    metered.server_names.push_back(server.name);
    metered.serving += server.up ? 1 : 0;
    model::ReplicaId id(server.name);
    model::KpiWindow window;
    window.start = service.start;
    window.length = length;
    const auto known = before.servers.find(server.name);
    Fill(Since(known == before.servers.end() ? RequestCounters{} : known->second, server.counters),
         std::move(server_logs_[server.name]), window);
    const auto old_usage = before.usage.find(id);
    const auto new_usage = now.usage.find(id);
    FillUsage(old_usage == before.usage.end() ? nullptr : &old_usage->second,
              new_usage == now.usage.end() ? nullptr : &new_usage->second, window);
    cpu_known = cpu_known && window.cpu_seconds >= 0;
    memory_known = memory_known && window.memory_bytes >= 0;
    service.cpu_seconds += std::max(0.0, window.cpu_seconds);
    service.memory_bytes += std::max(0.0, window.memory_bytes);
    service.run_delay_seconds += window.run_delay_seconds;
    service.throttled_periods += window.throttled_periods;
    metered.replicas.emplace_back(std::move(id), std::move(window));
  }
  service.cpu_seconds = cpu_known && !metered.replicas.empty() ? service.cpu_seconds : -1;
  service.memory_bytes = memory_known && !metered.replicas.empty() ? service.memory_bytes : -1;
  return metered;
}

std::optional<MeteredWindow> WindowMeter::Close(const BackendCounters& backend,
                                                const std::vector<ReplicaUsage>& usage, Now now) {
  Marks marks{.at = now, .total = backend.total, .servers = {}, .usage = {}};
  for (const ServerCounters& server : backend.servers) {
    marks.servers.emplace(server.name, server.counters);
    const auto used = std::find_if(usage.begin(), usage.end(),
                                   [&](const ReplicaUsage& one) { return one.id.str() == server.name; });
    if (used != usage.end()) {
      marks.usage.emplace(used->id, *used);
    }
  }
  std::optional<MeteredWindow> metered;
  if (marks_ && now.mono > marks_->at.mono) {
    metered = Meter(*marks_, marks, backend);
  }
  marks_ = std::move(marks);
  log_ = {};
  server_logs_.clear();
  return metered;
}

}  // namespace shadowd::kpi
