// The commands of shadowctl that change something, and status.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/status.h"
#include "input/prometheus_history.h"
#include "names.h"
#include "session.h"

namespace shadowd::ctl {

// Every *.yaml and *.yml of a directory, or one file; everything is parsed before anything is sent.
Status ApplyFiles(const Session& session, const std::string& path, bool dry_run);
Status DeleteOne(const Session& session, const std::string& service);
Status Propose(const Session& session, const std::string& service, int replicas, std::chrono::seconds wait);
Status Report(const Session& session, const std::string& service, std::optional<double> demand,
              const std::string& file);
// From the file, or where that is "" from a Prometheus.
Status Import(const Session& session, const std::string& service, const std::string& file,
              const std::string& value_column, const input::PrometheusHistory& prometheus);
Status NullTrial(const Session& session, const std::string& service, std::chrono::seconds wait);
Status Retrain(const Session& session, const std::string& service);
Status Revert(const Session& session, const std::string& model, const std::string& service);
Status Cancel(const Session& session, const std::string& trial, const std::string& service);
Status Terminate(const Session& session, const std::string& shadow, const std::string& service);
Status Judge(const Session& session, const std::string& decision, const std::string& service, bool approve);
Status Freeze(const Session& session, bool frozen, const std::string& reason);
Status ShowStatus(const Session& session);
Status ShowAudit(const Session& session, int limit);

}  // namespace shadowd::ctl
