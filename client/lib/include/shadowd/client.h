// A typed client of shadowd. Synchronous; a Client may be used by several threads at once. Every call has a
// deadline, and is repeated with growing pauses while the daemon is UNAVAILABLE: reads as they are, changes
// under a request id, so that none is made twice. Errors carry the daemon's stable reason and the field at
// fault (ReasonOf, FieldOf).
//
//   auto client = shadowd::client::Client::Connect({});
//   auto decision = (*client)->ProposeScaling("services/web", 6, std::chrono::minutes(2));
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "shadowd/v1/costs.pb.h"
#include "shadowd/v1/daemon.pb.h"
#include "shadowd/v1/decisions.pb.h"
#include "shadowd/v1/forecasts.pb.h"
#include "shadowd/v1/models.pb.h"
#include "shadowd/v1/services.pb.h"
#include "shadowd/v1/shadows.pb.h"
#include "shadowd/v1/telemetry.pb.h"
#include "shadowd/v1/trials.pb.h"

namespace shadowd::client {

inline constexpr const char* kDefaultAddress = "unix:///run/shadowd/shadowd.sock";

struct Options {
  std::string address = kDefaultAddress;  // "unix:///path" or "host:port"
  // PEM files for TCP with TLS. "" = plain text.
  std::string ca_file;
  std::string cert_file;  // of this client, with its key
  std::string key_file;
  std::chrono::milliseconds deadline = std::chrono::seconds(10);  // of one call with all its attempts
  int attempts = 4;
};

// "PORT_TAKEN", "services.bounds.max"; "" where there is none.
std::string ReasonOf(const absl::Status& status);
std::string FieldOf(const absl::Status& status);

template <typename T>
struct Change {
  enum class Kind { kSnapshot, kSnapshotEnd, kChanged, kDeleted };
  Kind kind = Kind::kChanged;
  T resource;            // empty for kSnapshotEnd
  int64_t revision = 0;  // resume a later watch here; 0 within a snapshot
};

struct WatchOptions {
  int64_t resume_revision = 0;  // 0 = begin with a snapshot
  int attempts = 30;            // connections in a row without any event, before the watch fails
};

class Transport;

// Goes through all resources of a List method, page by page, as they are asked for.
template <typename T>
class Pager {
 public:
  Pager(std::shared_ptr<Transport> transport, std::string parent, int page_size);
  // The next resource, nothing at the end.
  absl::StatusOr<std::optional<T>> Next();

 private:
  std::shared_ptr<Transport> transport_;
  std::string parent_;
  int page_size_;
  std::string token_;
  std::vector<T> page_;  // reversed
  bool last_ = false;
};

class Client {
 public:
  // Does not wait for the daemon: a call does.
  static absl::StatusOr<std::unique_ptr<Client>> Connect(const Options& options);
  ~Client();

  // ---- Any noun: v1::Service, Instance, Forecast, Trial, Shadow, Decision, Model, Cost ----
  template <typename T>
  absl::StatusOr<T> Get(const std::string& name);
  // `parent` is "services/web", "services/-" for all, "services/web/trials/-" for shadows; ignored for
  // services.
  template <typename T>
  Pager<T> List(const std::string& parent, int page_size = 100);
  // Calls `on_change` until it returns false (OK), `stop` is asked for (CANCELLED) or the watch fails for
  // good. A broken connection is made anew where it broke; when the daemon no longer keeps those changes, a
  // new snapshot follows.
  template <typename T>
  absl::Status Watch(const std::string& parent, const WatchOptions& options,
                     const std::function<bool(const Change<T>&)>& on_change, std::stop_token stop = {});

  // ---- Services ----
  // Creates the service, or makes its specification equal to this one.
  absl::StatusOr<v1::Service> ApplyService(const v1::Service& service, bool validate_only = false);
  absl::StatusOr<v1::Service> CreateService(const std::string& id, const v1::Service& service);
  // Changes the named fields ("bounds.max"); all populated ones without paths.
  absl::StatusOr<v1::Service> UpdateService(const v1::Service& service,
                                            const std::vector<std::string>& paths);
  absl::StatusOr<v1::Service> DeleteService(const std::string& name);
  // Waits up to `wait` for a decision that is no longer PROVISIONAL.
  absl::StatusOr<v1::Decision> ProposeScaling(const std::string& service, int replicas,
                                              std::chrono::milliseconds wait = {});
  // Orders an A/A test of today's level; waits like ProposeScaling.
  absl::StatusOr<v1::Decision> RunNullTrial(const std::string& service, std::chrono::milliseconds wait = {});
  absl::StatusOr<v1::Model> Retrain(const std::string& service);
  // `model` is "services/web/models/7"; answers with the new version that knows what that one knew.
  absl::StatusOr<v1::Model> RevertModel(const std::string& model);

  // ---- Trials, shadows, decisions ----
  absl::StatusOr<v1::Trial> CancelTrial(const std::string& name);
  absl::StatusOr<v1::Shadow> TerminateShadow(const std::string& name);
  absl::StatusOr<v1::Decision> WaitDecision(const std::string& name, std::chrono::milliseconds wait);
  absl::StatusOr<v1::Decision> ApproveDecision(const std::string& name);
  absl::StatusOr<v1::Decision> RejectDecision(const std::string& name);

  // ---- Telemetry ----
  // At most 1000 samples.
  absl::StatusOr<int> ReportSamples(const std::string& service, const std::vector<v1::Sample>& samples);
  // Any number: sent in batches, each durable when the next one goes.
  absl::StatusOr<v1::ImportHistoryResponse> ImportHistory(const std::string& service,
                                                          const std::vector<v1::DemandSample>& demand,
                                                          const std::vector<v1::CapacityPoint>& points);

  // ---- The daemon ----
  absl::StatusOr<v1::DaemonStatus> GetStatus();
  absl::StatusOr<v1::DaemonStatus> SetFreeze(bool frozen, const std::string& reason);
  absl::StatusOr<std::vector<v1::AuditEntry>> ListAuditEntries(int max);

  // For SampleStream.
  const std::shared_ptr<Transport>& transport() const { return transport_; }

 private:
  explicit Client(std::shared_ptr<Transport> transport);
  std::shared_ptr<Transport> transport_;
};

}  // namespace shadowd::client
